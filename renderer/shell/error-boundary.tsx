/** Catches a view that broke, so that the rest of the window goes on. Says so, and offers to show it again. */
import { Component } from 'react';
import type { ReactNode } from 'react';
import { Button } from '../components/button.tsx';
import { EmptyState } from '../components/empty-state.tsx';
import { shellText } from '../text/queue.ts';

export class ErrorBoundary extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError(): { broken: boolean } {
    return { broken: true };
  }

  override render(): ReactNode {
    if (!this.state.broken) return this.props.children;
    return (
      <div role="alert">
        <EmptyState
          title={shellText.broken}
          hint={shellText.brokenHint}
          action={
            <Button
              onClick={() => {
                this.setState({ broken: false });
              }}
            >
              {shellText.brokenAction}
            </Button>
          }
        />
      </div>
    );
  }
}
