/**
 * What only the desktop app can do: tray, quitting, login, hotkey. Shows what really holds beside what was chosen, as the
 * system may refuse. Not there in a browser.
 */
import { useId } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import type { DesktopState } from '../../shared/desktop-topics.ts';
import type { Settings } from '../../shared/settings.ts';
import { TextInput } from '../components/field.tsx';
import { Select } from '../components/select.tsx';
import { Switch } from '../components/switch.tsx';
import { readKeys } from './hotkey-keys.ts';
import { useApp } from '../state/stores.ts';
import { desktopText as text } from '../text/desktop.ts';
import { Group, Line } from './parts.tsx';
import styles from './view.module.css';

interface Props {
  settings: Settings;
  set: (change: Partial<Settings>) => void;
}

export function DesktopSettings({ settings, set }: Props): ReactNode {
  const desktop = useApp((state) => state.desktop);
  if (desktop === null) return null;
  const refused = settings.startAtLogin && !desktop.startAtLogin;
  return (
    <Group title={text.group}>
      <Line label={text.close} {...(desktop.tray ? {} : { hint: text.noTray })}>
        <Select
          aria-label={text.close}
          value={desktop.tray ? settings.closeToTray : 'quit'}
          disabled={!desktop.tray}
          options={(['ask', 'tray', 'quit'] as const).map((value) => ({ value, label: text.closeTo[value] }))}
          onValueChange={(closeToTray) => set({ closeToTray })}
        />
      </Line>
      <Line label={text.quit}>
        <Select
          aria-label={text.quit}
          value={settings.quitWithWork}
          options={(['ask', 'keep', 'cancel'] as const).map((value) => ({ value, label: text.quitTo[value] }))}
          onValueChange={(quitWithWork) => set({ quitWithWork })}
        />
      </Line>
      <Hotkey hotkey={desktop.hotkey} wanted={settings.hotkey} set={set} />
      <Switch
        label={text.login}
        {...(refused ? { hint: text.loginRefused } : {})}
        checked={settings.startAtLogin}
        onCheckedChange={(startAtLogin) => set({ startAtLogin })}
      />
      <Switch
        label={text.awake}
        hint={text.awakeHint}
        checked={settings.keepAwake}
        onCheckedChange={(keepAwake) => set({ keepAwake })}
      />
      {desktop.newer !== null && (
        <Line label={text.newer(desktop.newer.version)}>
          {desktop.newer.url !== null && (
            <a className={styles['link']} href={desktop.newer.url} target="_blank" rel="noreferrer">
              {text.newerGet}
            </a>
          )}
        </Line>
      )}
    </Group>
  );
}

function Hotkey({
  hotkey,
  wanted,
  set,
}: {
  hotkey: DesktopState['hotkey'];
  wanted: string | null;
  set: Props['set'];
}): ReactNode {
  const hintId = useId();
  const onKeyDown = (event: KeyboardEvent): void => {
    const read = readKeys(event);
    if (read.do === 'pass') return;
    event.preventDefault();
    if (read.do !== 'wait') set({ hotkey: read.do === 'bind' ? read.keys : null });
  };
  const hint = (
    <>
      {text.hotkeyHint} <span role="status">{text.hotkeyState(hotkey)}</span>
    </>
  );
  return (
    <Line label={text.hotkey} hint={hint} hintId={hintId}>
      <TextInput
        className={styles['keys'] ?? ''}
        aria-label={text.hotkey}
        aria-describedby={hintId}
        readOnly
        value={wanted ?? ''}
        placeholder={text.hotkeyNone}
        onKeyDown={onKeyDown}
      />
    </Line>
  );
}
