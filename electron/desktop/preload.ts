/**
 * Runs in the sandbox before the page. When the page asks, it makes a channel, sends one end to the main process and gives
 * the other to the page: that port is all the page ever gets, no function and no Electron. Validates nothing beyond who
 * asks: the main process checks the sender and every call. One self-contained CommonJS file; keep libraries out.
 */
import { ipcRenderer } from 'electron';

// The same words as in renderer/connect.ts and ipc-connection.ts, which this file may not import.
const READY = 'switchyard:ready';
const PORT = 'switchyard:port';
const CONNECT = 'switchyard:connect';

window.addEventListener('message', (event: MessageEvent<unknown>) => {
  if (event.source !== window || event.origin !== location.origin || event.data !== READY) return;
  const { port1, port2 } = new MessageChannel();
  ipcRenderer.postMessage(CONNECT, null, [port2]);
  window.postMessage(PORT, location.origin, [port1]);
});
