/** Every key there is, on `?`. */
import type { ReactNode } from 'react';
import { Dialog } from '../components/dialog.tsx';
import { isMac } from '../hooks/use-hotkeys.ts';
import { useStores, useUi } from '../state/stores.ts';
import { keysText } from '../text/queue.ts';
import styles from './shortcut-sheet.module.css';

const MOD = isMac ? '⌘' : 'Ctrl';

const GROUPS: { title: string; keys: [keys: string[], what: string][] }[] = [
  {
    title: keysText.anywhere,
    keys: [
      [[MOD, '1'], 'Queue'],
      [[MOD, '2'], 'History'],
      [[MOD, '3'], 'New job'],
      [[MOD, '4'], 'Servers'],
      [[MOD, ','], 'Settings'],
      [[MOD, 'Shift', '⌫'], 'Cancel all…'],
    ],
  },
  {
    title: keysText.inList,
    keys: [
      [['↑', '↓'], 'Move through the jobs'],
      [['Shift', '↑ ↓'], 'Pick several'],
      [['Space'], 'Pick or leave out'],
      [[MOD, 'A'], 'Pick all'],
      [['Enter'], 'Details'],
      [['→'], 'Unfold a batch, or go to the buttons'],
      [['Delete'], 'Cancel what is picked…'],
      [['Shift', '⌫'], 'Cancel all…'],
      [['Alt', '↑ ↓'], 'Move up or down the queue'],
      [['Alt', 'Home'], 'To the front'],
      [['Alt', 'End'], 'To the end'],
      [['H'], 'Hold or release'],
      [['P'], 'Pause or resume'],
      [['N'], 'New job'],
      [['?'], 'This sheet'],
    ],
  },
];

export function ShortcutSheet(): ReactNode {
  const open = useUi((state) => state.shortcutsOpen);
  const { ui } = useStores();
  return (
    <Dialog
      wide
      open={open}
      title={keysText.title}
      description={keysText.hint}
      onOpenChange={(next) => {
        ui.setState({ shortcutsOpen: next });
      }}
    >
      <div className={styles['groups']}>
        {GROUPS.map((group) => (
          <section key={group.title}>
            <h3 className={styles['title']}>{group.title}</h3>
            <dl className={styles['keys']}>
              {group.keys.map(([keys, what]) => (
                <div key={what} className={styles['key']}>
                  <dt>
                    {keys.map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </dt>
                  <dd>{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
