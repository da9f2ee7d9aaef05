/**
 * Electron's ipcMain, an emitter (docs/api/ipc-main.md), for `vi.mock('electron', () => import('…/ipc-main.ts'))`: everything else
 * of Electron is handed to the shell as a parameter.
 */
import { EventEmitter } from 'node:events';

export const ipcMain = new EventEmitter();
