/** The colour of a server's signal, the same wherever one is drawn. The words beside it say what it means. */
import type { ServerView } from '../../shared/server.ts';
import type { SignalTone } from '../components/icons.tsx';

export function toneOf({ status, paused }: ServerView): SignalTone {
  switch (status.contact) {
    case 'online':
      return paused ? 'hold' : 'go';
    case 'connecting':
    case 'offline':
      return 'hold';
    // Neither changes by itself: somebody has to do something.
    case 'needs-auth':
    case 'unsupported':
      return 'stop';
    case 'disabled':
      return 'off';
  }
}
