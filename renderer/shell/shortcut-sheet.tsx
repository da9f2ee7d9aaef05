/** Every key there is, on `?`. */
import type { ReactNode } from 'react';
import { Dialog } from '../components/dialog.tsx';
import { isMac } from '../hooks/use-hotkeys.ts';
import { useStores, useUi } from '../state/stores.ts';
import { keysText, shellText } from '../text/queue.ts';
import styles from './shortcut-sheet.module.css';

const MOD = isMac ? '⌘' : 'Ctrl';

const GROUPS: { title: string; keys: [keys: string[], what: string][] }[] = [
  {
    title: keysText.anywhere,
    keys: [
      [[MOD, '1'], shellText.queue],
      [[MOD, '2'], shellText.history],
      [[MOD, '3'], shellText.newJob],
      [[MOD, '4'], shellText.servers],
      [[MOD, ','], shellText.settings],
      [[MOD, 'Shift', '⌫'], keysText.cancelAll],
    ],
  },
  {
    title: keysText.inList,
    keys: [
      [['↑', '↓'], keysText.move],
      [['Shift', '↑ ↓'], keysText.pickSeveral],
      [['Space'], keysText.pick],
      [[MOD, 'A'], keysText.pickAll],
      [['Enter'], keysText.details],
      [['→'], keysText.unfold],
      [['Delete'], keysText.cancelPicked],
      [['Shift', '⌫'], keysText.cancelAll],
      [['Alt', '↑ ↓'], keysText.moveInQueue],
      [['Alt', 'Home'], keysText.toFront],
      [['Alt', 'End'], keysText.toEnd],
      [['H'], keysText.hold],
      [['P'], keysText.pause],
      [['N'], shellText.newJob],
      [['?'], keysText.sheet],
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
        ui.showShortcuts(next);
      }}
    >
      <div className={styles['groups']}>
        {GROUPS.map((group) => (
          <section key={group.title}>
            <h3 className={styles['title']}>{group.title}</h3>
            <dl>
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
