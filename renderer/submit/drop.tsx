/** Where workflows come in: dropped, pasted or chosen. Reads the file and hands on what it is; keeps nothing. */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { DragEvent, ReactNode } from 'react';
import { Button } from '../components/button.tsx';
import { Icon } from '../components/icons.tsx';
import { isTyping } from '../hooks/use-hotkeys.ts';
import { inflate } from './inflate.ts';
import { submitText } from '../text/submit.ts';
import { savesSomething } from '../../shared/workflow/inputs.ts';
import { readWorkflowFile, readWorkflowText } from '../../shared/workflow/read-file.ts';
import { MAX_FILE_BYTES } from '../../shared/workflow/result.ts';
import type { ReadResult, ReadWorkflow } from '../../shared/workflow/result.ts';
import styles from './drop.module.css';

export interface FileIntake {
  /** Name of the file that is being read, or null. */
  reading: string | null;
  dropping: boolean;
  takeFile: (file: File) => void;
  dropHandlers: {
    onDragEnter: (event: DragEvent) => void;
    onDragOver: (event: DragEvent) => void;
    onDragLeave: (event: DragEvent) => void;
    onDrop: (event: DragEvent) => void;
  };
}

/** Files dropped on the view, and files or text pasted anywhere but into a field. The newest wins. */
export function useFileIntake(onResult: (result: ReadResult) => void): FileIntake {
  const [reading, setReading] = useState<string | null>(null);
  const [dropping, setDropping] = useState(false);
  const newest = useRef(0);
  const depth = useRef(0);

  const takeFile = useCallback(
    (file: File) => {
      const turn = (newest.current += 1);
      setReading(file.name);
      void readFile(file).then((result) => {
        if (turn !== newest.current) return;
        setReading(null);
        onResult(result);
      });
    },
    [onResult],
  );

  useEffect(() => {
    const onPaste = (event: ClipboardEvent): void => {
      if (isTyping(event.target)) return;
      const [file] = event.clipboardData?.files ?? [];
      const text = event.clipboardData?.getData('text/plain') ?? '';
      if (file !== undefined) takeFile(file);
      else if (text.trim() !== '') {
        newest.current += 1;
        setReading(null);
        onResult(readWorkflowText(submitText.pasted, text));
      } else return;
      event.preventDefault();
    };
    window.addEventListener('paste', onPaste);
    return () => {
      window.removeEventListener('paste', onPaste);
    };
  }, [takeFile, onResult]);

  const withFiles = (event: DragEvent): boolean => event.dataTransfer.types.includes('Files');
  return {
    reading,
    dropping,
    takeFile,
    dropHandlers: {
      onDragEnter: (event) => {
        if (!withFiles(event)) return;
        event.preventDefault();
        depth.current += 1;
        setDropping(true);
      },
      onDragOver: (event) => {
        if (!withFiles(event)) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = 'copy';
      },
      onDragLeave: (event) => {
        if (!withFiles(event)) return;
        // Entering a child leaves its parent: only the last leave is one.
        depth.current = Math.max(0, depth.current - 1);
        if (depth.current === 0) setDropping(false);
      },
      onDrop: (event) => {
        if (!withFiles(event)) return;
        event.preventDefault();
        depth.current = 0;
        setDropping(false);
        const [file] = event.dataTransfer.files;
        if (file !== undefined) takeFile(file);
      },
    },
  };
}

async function readFile(file: File): Promise<ReadResult> {
  if (file.size > MAX_FILE_BYTES) return { type: 'refused', name: file.name, reason: 'too-large', detail: null };
  try {
    return await readWorkflowFile(file.name, new Uint8Array(await file.arrayBuffer()), inflate);
  } catch (error) {
    // The file went away between choosing and reading, or may not be read.
    return {
      type: 'refused',
      name: file.name,
      reason: 'unreadable',
      detail: error instanceof Error ? error.message : null,
    };
  }
}

export function SubmitDrop({ workflow, intake }: { workflow: ReadWorkflow | null; intake: FileIntake }): ReactNode {
  const input = useRef<HTMLInputElement>(null);
  const saves = workflow !== null && savesSomething(workflow.graph);
  return (
    <div className={workflow === null ? `${styles['drop'] ?? ''} ${styles['empty'] ?? ''}` : styles['drop']}>
      <span className={styles['glyph']}>
        <Icon name={workflow === null ? 'image' : 'plus'} size={workflow === null ? 24 : 16} />
      </span>
      <div className={styles['words']} role="status">
        {intake.reading !== null ? (
          submitText.reading(intake.reading)
        ) : workflow === null ? (
          <>
            <b className={styles['name']}>{submitText.drop}</b>
            <span className={styles['hint']}>{submitText.dropHint}</span>
          </>
        ) : (
          <>
            <span>
              <b className={styles['name']}>{workflow.name}</b>
              <span className={styles['about']}>
                {' · '}
                {submitText.about(Object.keys(workflow.graph).length, saves)}
                {submitText.from(workflow.origin) !== null && ` · ${submitText.from(workflow.origin) ?? ''}`}
              </span>
            </span>
            <span className={styles['hint']}>{saves ? submitText.again : submitText.savesNothing}</span>
          </>
        )}
      </div>
      <Button look={workflow === null ? 'solid' : 'plain'} onClick={() => input.current?.click()}>
        {workflow === null ? submitText.choose : submitText.change}
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        aria-label={submitText.choose}
        accept=".json,.png,.webp,.jpg,.jpeg,application/json,image/png,image/webp,image/jpeg"
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? [];
          if (file !== undefined) intake.takeFile(file);
          // The same file chosen again is a change as well.
          event.currentTarget.value = '';
        }}
      />
    </div>
  );
}
