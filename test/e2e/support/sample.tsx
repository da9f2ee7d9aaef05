/**
 * The window on sample data, without a host: `?extra=1000`, `?cancelling`, `?empty`, `?theme=dark`. For drawing and for
 * layout tests; never part of the bundle that ships.
 */
import { createRoot } from 'react-dom/client';
import { App } from '../../../renderer/app.tsx';
import { createStores } from '../../../renderer/state/stores.ts';
import { startSync } from '../../../renderer/state/sync.ts';
import { startTheme } from '../../../renderer/state/theme.ts';
import '../../../renderer/styles/tokens.css';
import '../../../renderer/styles/base.css';
import { createSample } from '../../support/sample-api.ts';

const query = new URLSearchParams(location.search);
const theme = query.get('theme');
const sample = createSample({
  extra: Number(query.get('extra') ?? 0),
  cancelling: query.has('cancelling'),
  empty: query.has('empty'),
  ...(theme === 'dark' || theme === 'light' ? { theme } : {}),
});
const stores = createStores();
startTheme(stores.app);
stores.app.setState({ link: 'online' });
startSync(sample, stores, { holdLive: () => stores.ui.getState().frozen });
Object.assign(window, { sample, stores });

const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<App api={sample.api} stores={stores} onRetry={() => undefined} />);
