/**
 * What the core needs from its host and cannot do itself. Interfaces only: hosts implement them (keychain, 0600 file,
 * file manager), tests give small honest ones.
 */
import type { AppInfo } from '../../shared/app.ts';
import type { Credential } from '../../shared/server.ts';

/** Keeps credentials by reference. They never go into the database, a log or a reply. */
export interface SecretStore {
  readonly protection: AppInfo['secrets'];
  get(ref: string): Promise<Credential | null>;
  set(ref: string, credential: Credential): Promise<void>;
  delete(ref: string): Promise<void>;
}

/** The desktop around us, where there is one. */
export interface Shell {
  /** Shows a file in the system's file manager. `file` is an absolute path made by the core, never by a client. */
  reveal(file: string): Promise<void>;
}
