/**
 * The glyphs: inline SVG in `currentColor`, so that forced colours keep them. Hidden from screen readers: whoever shows
 * one gives it a name in words.
 */
import type { ReactNode } from 'react';

const STROKES = {
  queue: <path d="M4 2v3.5M4 10.5V14M8 4h6M8 8h6M8 12h4M6 8a2 2 0 1 1-4 0 2 2 0 0 1 4 0Z" />,
  history: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="M8 4.5V8l2.5 1.5" />
    </>
  ),
  plus: <path d="M8 3v10M3 8h10" />,
  servers: (
    <>
      <rect x="2" y="2.5" width="12" height="4.5" rx="1.2" />
      <rect x="2" y="9" width="12" height="4.5" rx="1.2" />
      <path d="M4.6 4.75h.01M4.6 11.25h.01" />
    </>
  ),
  settings: (
    <>
      <path d="M2 4.5h7M13 4.5h1M2 11.5h1M7 11.5h7" />
      <circle cx="11" cy="4.5" r="2" />
      <circle cx="5" cy="11.5" r="2" />
    </>
  ),
  log: <path d="M3 4h10M3 8h10M3 12h6" />,
  search: (
    <>
      <circle cx="7" cy="7" r="4.5" />
      <path d="M10.5 10.5 14 14" />
    </>
  ),
  close: <path d="M4 4l8 8M12 4l-8 8" />,
  check: <path d="M3.5 8.5l3 3 6-7" />,
  alert: <path d="M8 2.5v7M8 13v.1" strokeWidth="2" />,
  down: <path d="M4 6l4 4 4-4" />,
  right: <path d="M6 4l4 4-4 4" />,
  left: <path d="M10 4L6 8l4 4" />,
  up: <path d="M4 10l4-4 4 4" />,
  menu: <path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11" />,
  folder: <path d="M2 5V4a1 1 0 0 1 1-1h3l1.5 2H13a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1V5Z" />,
  external: <path d="M6 3H3v10h10v-3M9 3h4v4M13 3 7.5 8.5" />,
  refresh: <path d="M13 8a5 5 0 1 1-1.5-3.6M13 2.5v2.6h-2.6" />,
  image: (
    <>
      <rect x="2" y="3" width="12" height="10" rx="1.5" />
      <path d="M2.5 11.5 6 8l2.5 2.5 2-2 3 3" />
      <circle cx="10.8" cy="5.9" r="1" />
    </>
  ),
  panel: (
    <>
      <rect x="2" y="3" width="12" height="10" rx="1.5" />
      <path d="M10 3v10" />
    </>
  ),
} as const satisfies Record<string, ReactNode>;

const FILLS = {
  pause: (
    <>
      <rect x="4" y="3" width="3" height="10" rx="1" />
      <rect x="9" y="3" width="3" height="10" rx="1" />
    </>
  ),
  play: <path d="M5 3.2v9.6a.6.6 0 0 0 .92.5l7.3-4.8a.6.6 0 0 0 0-1L5.92 2.7A.6.6 0 0 0 5 3.2Z" />,
  more: (
    <>
      <circle cx="3.5" cy="8" r="1.3" />
      <circle cx="8" cy="8" r="1.3" />
      <circle cx="12.5" cy="8" r="1.3" />
    </>
  ),
} as const satisfies Record<string, ReactNode>;

export type IconName = keyof typeof STROKES | keyof typeof FILLS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }): ReactNode {
  if (name in FILLS) {
    return (
      <svg width={size} height={size} viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">
        {FILLS[name as keyof typeof FILLS]}
      </svg>
    );
  }
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {STROKES[name as keyof typeof STROKES]}
    </svg>
  );
}

/** The mark of Switchyard: a track, a switch, a signal. */
export function Logo({ size = 22 }: { size?: number }): ReactNode {
  return (
    <svg width={size} height={size} viewBox="0 0 64 64" aria-hidden="true">
      <g fill="none" stroke="currentColor" strokeWidth="6" strokeLinecap="round">
        <path d="M6 48h52" />
        <path d="M12 48c14 0 14-28 26-28" />
      </g>
      <circle cx="49" cy="20" r="11" fill="var(--go)" />
    </svg>
  );
}

export type SignalTone = 'go' | 'hold' | 'stop' | 'off';

/** State of a server as shape and colour: dot online, ring on its way, cross refused, bar switched off. Say it in words beside it. */
export function Signal({ tone, size = 10 }: { tone: SignalTone; size?: number }): ReactNode {
  const shapes: Record<SignalTone, ReactNode> = {
    go: <circle cx="5" cy="5" r="4" fill="currentColor" />,
    hold: <circle cx="5" cy="5" r="3.2" fill="none" stroke="currentColor" strokeWidth="1.8" />,
    stop: <path d="M2 2l6 6M8 2l-6 6" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />,
    off: <path d="M1.5 5h7" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />,
  };
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 10 10"
      aria-hidden="true"
      style={{ color: tone === 'off' ? 'var(--text-3)' : `var(--${tone})` }}
    >
      {shapes[tone]}
    </svg>
  );
}
