/** The sign-in part of a server's form. What is kept is never shown; typing or pasting replaces it. */
import type { ReactNode } from 'react';
import type { Kind } from '../../shared/job.ts';
import { kinds } from '../../shared/kinds/kinds.ts';
import type { Credential } from '../../shared/server.ts';
import { Field, TextInput } from '../components/field.tsx';
import type { TextInputProps } from '../components/field.tsx';
import { Select } from '../components/select.tsx';
import { useApp } from '../state/stores.ts';
import { formText } from '../text/servers.ts';
import styles from './form-sign-in.module.css';

/** As it stands in the form; `keep` leaves the kept one alone. */
export type SignIn =
  | { type: 'keep' }
  | { type: 'none' }
  | { type: 'authorization'; value: string }
  | { type: 'login'; user: string; password: string }
  | { type: 'token'; token: string };

/** The credential to send, or null: nothing typed, or none wanted. */
export function signInOf(signIn: SignIn): Credential | null {
  switch (signIn.type) {
    case 'authorization':
      return signIn.value.trim() === '' ? null : { type: 'authorization', value: signIn.value.trim() };
    case 'login':
      return signIn.user === '' || signIn.password === '' ? null : signIn;
    case 'token':
      return signIn.token.trim() === '' ? null : { type: 'token', token: signIn.token.trim() };
    default:
      return null;
  }
}

const EMPTY: Record<SignIn['type'], SignIn> = {
  keep: { type: 'keep' },
  none: { type: 'none' },
  authorization: { type: 'authorization', value: '' },
  login: { type: 'login', user: '', password: '' },
  token: { type: 'token', token: '' },
};

export interface ServerFormSignInProps {
  value: SignIn;
  onChange: (value: SignIn) => void;
  /** One is kept for this server. */
  kept: boolean;
  /** Null offers everything. */
  kind: Kind | null;
}

export function ServerFormSignIn({ value, onChange, kept, kind }: ServerFormSignInProps): ReactNode {
  const secrets = useApp((state) => state.info?.secrets ?? null);
  const types: SignIn['type'][] = [
    ...(kept ? (['keep'] as const) : []),
    'none',
    ...(kind === null ? (['authorization', 'login', 'token'] as const) : kinds[kind].credentials),
  ];
  if (!types.includes(value.type)) types.push(value.type);
  return (
    <div className={styles['signIn']}>
      <Field label={formText.signIn} layout="above" hint={value.type === 'keep' ? formText.signInKept : undefined}>
        {(control) => (
          <Select
            {...control}
            value={value.type}
            options={types.map((type) => ({ value: type, label: formText.signInTypes[type] }))}
            onValueChange={(type) => onChange(EMPTY[type])}
          />
        )}
      </Field>
      {value.type === 'authorization' && (
        <Part
          label={formText.authorization}
          hint={formText.authorizationHint}
          type="password"
          value={value.value}
          onValue={(typed) => onChange({ ...value, value: typed })}
        />
      )}
      {value.type === 'login' && (
        <>
          <Part
            label={formText.user}
            autoComplete="username"
            value={value.user}
            onValue={(user) => onChange({ ...value, user })}
          />
          <Part
            label={formText.password}
            type="password"
            autoComplete="current-password"
            value={value.password}
            onValue={(password) => onChange({ ...value, password })}
          />
        </>
      )}
      {value.type === 'token' && (
        <Part
          label={formText.token}
          type="password"
          value={value.token}
          onValue={(token) => onChange({ ...value, token })}
        />
      )}
      {value.type !== 'none' && value.type !== 'keep' && (secrets === 'weak' || secrets === 'file') && (
        <p className={styles['weak']}>{formText.secretsWeak}</p>
      )}
    </div>
  );
}

/** One thing that is typed. */
function Part({
  label,
  hint,
  onValue,
  ...input
}: { label: string; hint?: string; onValue: (typed: string) => void } & TextInputProps): ReactNode {
  return (
    <Field label={label} layout="above" hint={hint}>
      {(control) => <TextInput {...control} {...input} onChange={(event) => onValue(event.currentTarget.value)} />}
    </Field>
  );
}
