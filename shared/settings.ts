/** The settings a user can change, with their defaults. Kept in the database, one row a key. */
import { z } from 'zod';

export const SettingsSchema = z.object({
  theme: z.enum(['system', 'light', 'dark']),
  density: z.enum(['normal', 'tight']),
  /** Ask before cancelling one job of mine. Cancels of several jobs and of foreign work always ask. */
  askForOne: z.boolean(),
  singleKeys: z.boolean(),
  discardPartial: z.boolean(),
  notifyFailures: z.boolean(),
  notifyQueueDone: z.boolean(),
  notifyCancelLate: z.boolean(),
  freeMemoryWhenDone: z.boolean(),
  /** Ended jobs older than this many days are removed with their files; 0 keeps them for ever. */
  keepHistoryDays: z.number().int().min(0).max(3_650),
  closeToTray: z.enum(['ask', 'tray', 'quit']),
  quitWithWork: z.enum(['ask', 'keep', 'cancel']),
  hotkey: z.string().max(60).nullable(),
  startAtLogin: z.boolean(),
  /** The computer does not go to sleep by itself while anything of ours waits or runs. */
  keepAwake: z.boolean(),
});
export type Settings = z.infer<typeof SettingsSchema>;

export const DEFAULT_SETTINGS: Settings = {
  theme: 'system',
  density: 'normal',
  askForOne: true,
  singleKeys: true,
  discardPartial: false,
  notifyFailures: true,
  notifyQueueDone: true,
  notifyCancelLate: true,
  freeMemoryWhenDone: false,
  keepHistoryDays: 0,
  closeToTray: 'ask',
  quitWithWork: 'ask',
  hotkey: null,
  startAtLogin: false,
  keepAwake: false,
};
