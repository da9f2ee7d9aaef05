/** Parameters and their groups in the form `ListT2IParams` shows them (swarmui §5). */
import type { ParamSpec } from './param-list.ts';
import type { JsonObject } from './types.ts';

const GROUPS = [
  { name: 'Core Parameters', id: 'coreparameters', priority: -50, open: true },
  { name: 'Resolution', id: 'resolution', priority: -11, open: true },
  { name: 'Sampling', id: 'sampling', priority: -5, open: false },
  { name: 'Swarm Internal', id: 'swarminternal', priority: 0, open: false },
  { name: 'ComfyUI', id: 'comfyui', priority: 5, open: false },
] as const;

export function groupsToNet(): JsonObject[] {
  return GROUPS.map((group) => ({
    name: group.name,
    id: group.id,
    toggles: false,
    open: group.open,
    priority: group.priority,
    description: '',
    advanced: false,
    can_shrink: true,
    parent: null,
  }));
}

export function paramToNet(param: ParamSpec): JsonObject {
  return {
    name: param.name,
    id: param.id,
    description: param.description,
    type: param.type,
    subtype: param.subtype ?? null,
    default: param.default,
    min: param.min ?? 0,
    max: param.max ?? 0,
    view_min: param.min ?? 0,
    view_max: param.viewMax ?? param.max ?? 0,
    step: param.step ?? 1,
    values: param.values ?? null,
    value_names: null,
    examples: null,
    visible: true,
    advanced: param.advanced ?? false,
    feature_flag: null,
    toggleable: param.toggleable ?? false,
    priority: param.priority ?? 0,
    group: param.group ?? null,
    always_retain: false,
    do_not_save: false,
    do_not_preview: false,
    view_type: param.type === 'text' ? 'prompt' : 'small',
    extra_hidden: false,
    can_sectionalize: false,
    nonreusable: false,
    depend_non_default: null,
  };
}
