import { useEffect, useRef, useState } from 'preact/hooks';
import type { ActionResult, ClientView, RevocationRequest } from '../state';
import { act, type Verb } from './api';
import { RevocationFields, type RevokedCertificate } from './revocation-fields';

/** What an operator wants to do. */
export interface IntendedAction {
  readonly verb: Verb;
  readonly client: ClientView;
  /** Of `revoke`: the only certificate. Absent for all of the client. */
  readonly certificate?: RevokedCertificate;
}

interface ActionDialogProps {
  readonly action: IntendedAction;
  readonly onDone: () => Promise<void>;
  readonly onClose: () => void;
}

type Progress = { readonly kind: 'asking' | 'running' } | Ended;
type Ended =
  | { readonly kind: 'done'; readonly result: ActionResult }
  | { readonly kind: 'failed'; readonly error: string };

/** Asks before an action, does it, and shows the result. */
export function ActionDialog({ action, onDone, onClose }: ActionDialogProps) {
  const { verb, client, certificate } = action;
  const dialog = useRef<HTMLDialogElement>(null);
  const [progress, setProgress] = useState<Progress>({ kind: 'asking' });
  const [revocation, setRevocation] = useState<Pick<RevocationRequest, 'reason' | 'rotate'>>({
    reason: '',
    rotate: false,
  });
  useEffect(() => dialog.current?.showModal(), []);

  const { title, confirm, consequences } = QUESTIONS[verb](client, certificate);
  const isReady = verb !== 'revoke' || revocation.reason !== '';

  async function run(event: Event) {
    event.preventDefault();
    setProgress({ kind: 'running' });
    try {
      const body = verb === 'revoke' ? { ...revocation, certificates: certificate ?? ('all' as const) } : {};
      setProgress({ kind: 'done', result: await act(client.clientName, verb, body) });
    } catch (error) {
      setProgress({ kind: 'failed', error: (error as Error).message });
    }
    await onDone();
  }

  const isRunning = progress.kind === 'running';
  const ended = progress.kind === 'done' || progress.kind === 'failed' ? progress : undefined;
  return (
    <dialog
      ref={dialog}
      class="question"
      aria-labelledby="question-title"
      onClose={onClose}
      onCancel={(event) => isRunning && event.preventDefault()}
    >
      <form onSubmit={run}>
        <h2 id="question-title">{title}</h2>
        {ended === undefined ? (
          <>
            {consequences.map((consequence) => (
              <p key={consequence}>{consequence}</p>
            ))}
            {verb === 'revoke' && (
              <RevocationFields client={client} isDisabled={isRunning} value={revocation} onChange={setRevocation} />
            )}
            <p class="progress" role="status">
              {isRunning && (verb === 'rotate' ? 'Waiting until the new certificate is current…' : 'Working…')}
            </p>
            <div class="buttons">
              <button type="button" disabled={isRunning} onClick={() => dialog.current?.close()}>
                Cancel
              </button>
              <button
                type="submit"
                class={verb === 'revoke' || verb === 'disable' ? 'danger' : 'primary'}
                disabled={isRunning || !isReady}
              >
                {confirm}
              </button>
            </div>
          </>
        ) : (
          <>
            <Outcome ended={ended} />
            <div class="buttons">
              <button type="button" class="primary" onClick={() => dialog.current?.close()}>
                Close
              </button>
            </div>
          </>
        )}
      </form>
    </dialog>
  );
}

function Outcome({ ended }: { readonly ended: Ended }) {
  if (ended.kind === 'failed') {
    return (
      <p class="failure" role="alert">
        {ended.error}
      </p>
    );
  }
  const { done, failures } = ended.result;
  return (
    <div role="status">
      {done.map((line) => (
        <p key={line} class="success">
          {line}
        </p>
      ))}
      {failures.map((line) => (
        <p key={line} class="failure">
          {line}
        </p>
      ))}
    </div>
  );
}

interface Question {
  readonly title: string;
  /** The label of the button. */
  readonly confirm: string;
  readonly consequences: readonly string[];
}

const QUESTIONS: Readonly<Record<Verb, (client: ClientView, certificate?: RevokedCertificate) => Question>> = {
  rotate: ({ clientName }) => ({
    title: `Rotate ${clientName}?`,
    confirm: 'Rotate',
    consequences: [
      `The mesh issues another key and certificate for ${clientName}, and puts them into its secret. The client uses them as soon as it reads the secret again.`,
      'The present certificate is not revoked.',
    ],
  }),
  revoke: ({ clientName }, certificate) => ({
    title: certificate ? `Revoke a certificate of ${clientName}?` : `Revoke all certificates of ${clientName}?`,
    confirm: certificate ? 'Revoke' : 'Revoke all',
    consequences: [
      certificate
        ? `The mesh refuses the certificate ${certificate.serialNumber} within seconds.`
        : `The mesh refuses every certificate that ${clientName} has now, within seconds. Other clients are not affected.`,
      'Nothing makes a revoked certificate valid again.',
    ],
  }),
  disable: ({ clientName, trustAnchor }) => ({
    title: `Disable ${clientName}?`,
    confirm: 'Disable',
    consequences: [
      `The mesh refuses every certificate of ${clientName} within seconds${trustAnchor ? `, also those of the trust anchor ${trustAnchor.name}` : ''}, and stops its rotation.`,
      'Nothing is revoked. You can enable the client again.',
    ],
  }),
  enable: ({ clientName, updatedAt, updatedBy }) => ({
    title: `Enable ${clientName}?`,
    confirm: 'Enable',
    consequences: [
      `${clientName} was disabled at ${updatedAt} by ${updatedBy}.`,
      'The mesh lets the client in again with every certificate that is valid and not revoked.',
    ],
  }),
};
