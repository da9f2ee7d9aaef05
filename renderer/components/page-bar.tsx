/** The bar of a place: its title, what there is to say beside it, and its buttons. The queue has one of its own. */
import type { ReactNode } from 'react';
import styles from './page.module.css';

/** `facts` stand after the title, e.g. how many; `children` are the buttons at the end. */
export function PageBar({
  title,
  facts = null,
  children = null,
}: {
  title: string;
  facts?: string | null;
  children?: ReactNode;
}): ReactNode {
  const titleOnly = facts === null && children === null;
  return (
    <header className={styles['bar']} data-title-only={titleOnly ? '' : undefined}>
      <h1 className={styles['title']}>
        <span className={styles['name']}>
          {title}
          {facts !== null && <span className={styles['facts']}>{' · '}</span>}
        </span>
        <span className={styles['facts']}>{facts}</span>
      </h1>
      {children !== null && <span className={styles['acts']}>{children}</span>}
    </header>
  );
}
