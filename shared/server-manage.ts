/** What can be seen of and done to a server beyond its jobs, where its kind has it (SwarmUI): models, parameters, backends, whole users. */
import { z } from 'zod';

const text = z.string().nullable();
const number = z.number().nullable();

/** One input of a server's own submit form. Numbers come as the server gives them; `values` is its list of choices. */
const ParamViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  type: z.string(),
  default: z.string(),
  min: z.number(),
  max: z.number(),
  viewMin: z.number(),
  viewMax: z.number(),
  step: z.number(),
  values: z.array(z.string()).nullable(),
  valueNames: z.array(z.string()).nullable(),
  advanced: z.boolean(),
  toggleable: z.boolean(),
  priority: z.number(),
  group: text,
});
export type ParamView = z.infer<typeof ParamViewSchema>;

export const CatalogueViewSchema = z.object({
  /** `name` is exactly what is sent; the size is the model's own. */
  models: z.array(z.object({ name: z.string(), title: z.string(), architecture: text, width: number, height: number })),
  params: z.array(ParamViewSchema),
  groups: z.array(
    z.object({ id: z.string(), name: z.string(), open: z.boolean(), advanced: z.boolean(), priority: z.number() }),
  ),
  /** To begin a form with, by parameter id; everything else is better left to the server. */
  defaults: z.record(z.string(), z.union([z.string(), z.number()])),
  /** Names of other models by the server's own type name (LoRA, VAE …). */
  others: z.record(z.string(), z.array(z.string())),
  fetchedAt: z.number(),
});
export type CatalogueView = z.infer<typeof CatalogueViewSchema>;

/** One worker behind a SwarmUI server. */
export const BackendViewSchema = z.object({
  id: z.number(),
  title: z.string(),
  type: z.string(),
  state: z.string(),
  enabled: z.boolean(),
  model: text,
  /** Jobs it takes at once: one runs, the others wait in its ComfyUI. */
  slots: z.number(),
  /** Prompts in its ComfyUI's queue, running included; null when it can't be seen. */
  load: number,
  running: number,
  /** One failing job, or a cancel at the wrong moment, fails every waiting job of everybody (S17). */
  allowIdle: z.boolean(),
  /** Jobs there share one remote session: cancelling one ends the others too. */
  swarmToSwarm: z.boolean(),
  lostSlots: z.number(),
});
export type BackendView = z.infer<typeof BackendViewSchema>;

/** Whose work can be cancelled as a whole, as far as the permissions go. */
export const StopPowersSchema = z.object({
  /** Every session of the signed-in user, web pages and other programs included; null when not allowed. */
  ownUser: text,
  /** Every user with work now. */
  users: z.array(z.string()),
  /** Single prompts on backends, by id. */
  prompts: z.boolean(),
});
export type StopPowers = z.infer<typeof StopPowersSchema>;
