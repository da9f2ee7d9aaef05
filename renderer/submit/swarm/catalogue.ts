/**
 * Models and parameters of one SwarmUI server, for its submit form. What was read once is shown at once on the next visit
 * and asked for again in the background; the core keeps it too, so that asking costs the server nothing.
 */
import { useState } from 'react';
import type { Api } from '../../../shared/contract.ts';
import type { AppError } from '../../../shared/errors.ts';
import type { ServerId } from '../../../shared/ids.ts';
import type { CatalogueView } from '../../../shared/server-manage.ts';
import { useApi, useLoad } from '../../hooks/use-api.ts';
import { useServers } from '../../state/stores.ts';

const seen = new WeakMap<Api, Map<ServerId, CatalogueView>>();

export interface CatalogueState {
  catalogue: CatalogueView | null;
  /** Why the newest could not be read; an older one may be in sight all the same. */
  error: AppError | null;
  busy: boolean;
  /** Has the server read its folders again. */
  refresh: () => void;
}

export function useCatalogue(serverId: ServerId | null): CatalogueState {
  const api = useApi();
  const contact = useServers((state) =>
    serverId === null ? null : (state.byId.get(serverId)?.status.contact ?? null),
  );
  const [turn, setTurn] = useState(0);
  const known = seen.get(api) ?? new Map<ServerId, CatalogueView>();
  seen.set(api, known);
  // A server that comes back is asked again.
  const loaded = useLoad(
    async (signal) => {
      if (serverId === null) return null;
      const { catalogue } = await api.servers.catalogue({ id: serverId, refresh: turn > 0 }, { signal });
      known.set(serverId, catalogue);
      return catalogue;
    },
    `${serverId ?? ''} ${contact ?? ''} ${String(turn)}`,
  );
  return {
    catalogue: loaded.value ?? (serverId === null ? null : (known.get(serverId) ?? null)),
    error: loaded.error,
    busy: loaded.busy && serverId !== null,
    refresh: () => setTurn((old) => old + 1),
  };
}
