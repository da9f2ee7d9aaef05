/** Mounts the window: nonce for the one stylesheet a library inserts, theme, stores, link, React. Holds no logic of its own. */
import { setNonce } from 'get-nonce';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { inDesktop, openLink } from './connect.ts';
import { hearDesktop } from './state/desktop.ts';
import { createStores } from './state/stores.ts';
import { startSync } from './state/sync.ts';
import { startTheme } from './state/theme.ts';
import '@fontsource-variable/inter/wght.css';
import './styles/tokens.css';
import './styles/base.css';

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content;
if (nonce !== undefined) setNonce(nonce);

const stores = createStores();
startTheme(stores.app);

const link = openLink({
  onState: (state) => {
    stores.app.setState({ link: state });
  },
  onSession: (client) => {
    const sync = startSync(client, stores, {
      holdLive: () => stores.ui.getState().frozen,
      onSnapshot: () => {
        performance.mark('switchyard:snapshot');
      },
      onError: () => {
        // A snapshot that can't be taken leaves the window half true: a new connection takes it from the start.
        client.close();
      },
    });
    const desktop = inDesktop() ? hearDesktop(client, stores) : null;
    return {
      [Symbol.dispose]: () => {
        desktop?.[Symbol.dispose]();
        sync[Symbol.dispose]();
      },
    };
  },
  onOtherContract: () => {
    location.reload();
  },
});

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no #root');

// The typeface lies beside the page: a few milliseconds before the first words are less than words that change their shape.
await Promise.race([
  document.fonts.load('13px "Inter Variable"'),
  new Promise((resolve) => {
    setTimeout(resolve, 150);
  }),
]);
createRoot(root).render(
  <StrictMode>
    <App api={link.api} stores={stores} onRetry={link.retryNow} />
  </StrictMode>,
);
