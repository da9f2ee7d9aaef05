/** Adding or editing a server: address tested before it is saved, name, how many at once, sign-in, the old-server permission. */
import { useRef, useState } from 'react';
import type { ReactNode, SyntheticEvent } from 'react';
import { isAbort, toAppError, toWire } from '../../shared/errors.ts';
import type { Credential, ProbeReport, ServerView } from '../../shared/server.ts';
import { AlertDialog } from '../components/alert-dialog.tsx';
import { Button } from '../components/button.tsx';
import { Dialog } from '../components/dialog.tsx';
import { Field, TextInput } from '../components/field.tsx';
import { Switch } from '../components/switch.tsx';
import { useApi } from '../hooks/use-api.ts';
import { useStores } from '../state/stores.ts';
import { common } from '../text/common.ts';
import { formText, probeText, reasonText, serversText } from '../text/servers.ts';
import { ServerFormSignIn, signInOf } from './form-sign-in.tsx';
import type { SignIn } from './form-sign-in.tsx';
import styles from './form.module.css';

export interface ServerFormProps {
  /** Null adds a new one. */
  server: ServerView | null;
  /** Address to begin with. */
  url?: string;
  onClose: () => void;
}

/** What a person types is an address even without its scheme. */
export function addressOf(text: string): string {
  const trimmed = text.trim().replace(/\/+$/, '');
  return trimmed === '' || /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `http://${trimmed}`;
}

export function ServerForm({ server, url: begin = '', onClose }: ServerFormProps): ReactNode {
  const api = useApi();
  const { app, toasts } = useStores();
  const [url, setUrl] = useState(server?.url ?? begin);
  const [name, setName] = useState(server?.name ?? '');
  const [atOnce, setAtOnce] = useState(server === null ? '' : String(server.maxInFlight));
  const [enabled, setEnabled] = useState(server?.enabled ?? true);
  const [signIn, setSignIn] = useState<SignIn>(server?.hasCredential === true ? { type: 'keep' } : { type: 'none' });
  const [probe, setProbe] = useState<{ url: string; report: ProbeReport } | null>(null);
  const [busy, setBusy] = useState<'test' | 'save' | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [allowing, setAllowing] = useState(false);
  const abort = useRef<AbortController>(undefined);

  const address = addressOf(url);
  const tested = probe?.url === address ? probe.report : null;
  const changedAddress = address !== server?.url;

  const test = async (): Promise<ProbeReport | null> => {
    if (address === '') {
      setError(formText.needsAddress);
      return null;
    }
    abort.current?.abort();
    const own = new AbortController();
    abort.current = own;
    setBusy('test');
    setError(null);
    try {
      const credential: Credential | null = signInOf(signIn);
      const { probe: report } = await api.servers.probe(
        { url: address, ...(credential === null ? {} : { credential }) },
        { signal: own.signal },
      );
      setProbe({ url: address, report });
      return report;
    } catch (thrown) {
      if (!isAbort(thrown)) setError(reasonText(toWire(thrown)));
      return null;
    } finally {
      setBusy(null);
    }
  };

  const save = async (anyway: boolean): Promise<void> => {
    // A new address is tried first; a failed try is shown, and saving it all the same is a second, deliberate press.
    if (changedAddress && tested === null && !anyway) {
      const report = await test();
      if (report?.error !== null) return;
    }
    setBusy('save');
    setError(null);
    try {
      const many = Number.parseInt(atOnce, 10);
      const common_ = {
        ...(name.trim() === '' ? {} : { name: name.trim() }),
        ...(Number.isInteger(many) && many > 0 ? { maxInFlight: Math.min(64, many) } : {}),
      };
      const kind = tested?.kind ?? probe?.report.kind ?? null;
      const saved =
        server === null
          ? await api.servers.add({ url: address, ...common_, ...(kind === null ? {} : { kind }) })
          : await api.servers.edit({ id: server.id, ...common_, enabled, ...(changedAddress ? { url: address } : {}) });
      if (signIn.type !== 'keep') {
        const credential = signInOf(signIn);
        if (credential !== null || (server?.hasCredential ?? false)) {
          await api.servers.setCredential({ id: saved.server.id, credential });
          // How well sign-ins are kept may be known only now. What fails here is no failure to save: a snapshot brings it.
          void api.app.info({}).then(
            (info) => {
              app.setState({ info });
            },
            () => undefined,
          );
        }
      }
      if (server === null) toasts.show({ key: 'servers', text: serversText.added(saved.server.name) });
      onClose();
    } catch (thrown) {
      setError(`${formText.notSaved}: ${reasonText(toWire(thrown))}`);
      setBusy(null);
    }
  };

  const permit = (allowUntargetedInterrupt: boolean): void => {
    if (server === null) return;
    api.servers.edit({ id: server.id, allowUntargetedInterrupt }).catch((thrown: unknown) => {
      setError(`${formText.notSaved}: ${common.error(toAppError(thrown).code)}`);
    });
  };

  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    void save(tested !== null && tested.error !== null);
  };
  const found = tested === null ? null : probeText(tested);
  const tooOld = server?.status.problems.some(({ code }) => code === 'no-targeted-interrupt') === true;

  // The answer takes the place of the hint, so that nothing below it moves.
  const answer = (
    <span role="status" className={styles['answer']} data-tone={error !== null ? 'bad' : found?.tone}>
      {error ?? found?.text ?? (server === null ? formText.addressHint : formText.addressHintEdit)}
    </span>
  );

  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title={server === null ? formText.addTitle : formText.editTitle(server.name)}
    >
      <form onSubmit={submit} className={styles['form']}>
        <Field label={formText.address} layout="above" hint={answer}>
          {(control) => (
            <span className={styles['address']}>
              <TextInput
                {...control}
                autoFocus
                inputMode="url"
                placeholder="192.168.0.20:8188"
                value={url}
                onChange={(event) => {
                  setUrl(event.currentTarget.value);
                  setError(null);
                }}
              />
              <Button disabled={busy !== null} onClick={() => void test()}>
                {busy === 'test' ? formText.testing : formText.test}
              </Button>
            </span>
          )}
        </Field>
        <Field label={formText.name} layout="above">
          {(control) => (
            <TextInput
              {...control}
              maxLength={100}
              placeholder={formText.namePlaceholder}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
          )}
        </Field>
        <Field label={formText.atOnce} layout="above" hint={formText.atOnceHint}>
          {(control) => (
            <TextInput
              {...control}
              className={styles['short'] ?? ''}
              type="number"
              min={1}
              max={64}
              placeholder="2"
              value={atOnce}
              onChange={(event) => setAtOnce(event.currentTarget.value)}
            />
          )}
        </Field>
        <ServerFormSignIn
          value={signIn}
          onChange={setSignIn}
          kept={server?.hasCredential ?? false}
          kind={tested?.kind ?? server?.kind ?? null}
        />
        {server !== null && (
          <Switch label={formText.enabled} hint={formText.enabledHint} checked={enabled} onCheckedChange={setEnabled} />
        )}
        {server !== null && (tooOld || server.allowUntargetedInterrupt) && (
          <div className={styles['permission']}>
            <span>
              {formText.oldServer}
              <span className={styles['hint']}>
                {server.allowUntargetedInterrupt ? formText.oldServerOn : formText.oldServerOff}
              </span>
            </span>
            {server.allowUntargetedInterrupt ? (
              <Button onClick={() => permit(false)}>{formText.oldServerForbid}</Button>
            ) : (
              <Button onClick={() => setAllowing(true)}>{formText.oldServerAllow}</Button>
            )}
          </div>
        )}
        <div className={styles['foot']}>
          <Button size="l" onClick={onClose}>
            {formText.cancel}
          </Button>
          <Button size="l" look="solid" type="submit" disabled={busy !== null || address === ''}>
            {server !== null
              ? formText.save
              : tested !== null && tested.error !== null
                ? formText.addAnyway
                : formText.add}
          </Button>
        </div>
      </form>
      {server !== null && (
        <AlertDialog
          open={allowing}
          title={formText.oldServerTitle(server.name)}
          keepLabel={formText.oldServerKeep}
          actLabel={formText.oldServerDo}
          onKeep={() => setAllowing(false)}
          onAct={() => {
            setAllowing(false);
            permit(true);
          }}
        >
          {formText.oldServerText}
        </AlertDialog>
      )}
    </Dialog>
  );
}
