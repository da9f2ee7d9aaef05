/** The catalogue: every sentence a person sees in the window, by subject. Nothing is worded anywhere else. */
export { cancelText, cancelWords, foreignWords } from './text/cancel.ts';
export { common, plural } from './text/common.ts';
export { historyText, detailText } from './text/history.ts';
export { announcement, inspectorText, keysText, queueText, shellText } from './text/queue.ts';
export { serversText } from './text/servers.ts';
export { settingsText } from './text/settings.ts';
export { submitText } from './text/submit.ts';
