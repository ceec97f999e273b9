import { useState } from 'preact/hooks';
import type { ClientView, CurrentCertificateView } from '../state';
import type { IntendedAction } from './action-dialog';
import type { Verb } from './api';
import { type Span, scaleOf, Timeline } from './timeline';
import { relativeTime } from './times';

interface ClientsProps {
  readonly clients: readonly ClientView[];
  readonly now: string;
  readonly onClient: (clientName: string) => void;
  readonly onAction: (action: IntendedAction) => void;
}

/** How many rows are shown. */
const ROWS = 100;

/** Fewer clients need no search. */
const SEARCHED = 10;

/** The clients with their current certificates. */
export function Clients({ clients, ...others }: ClientsProps) {
  const [text, setText] = useState('');
  const found = clients.filter(({ clientName }) => clientName.includes(text.trim().toLowerCase()));
  return (
    <>
      {clients.length > SEARCHED && (
        <div class="filters">
          <label>
            Search
            <input type="search" value={text} onInput={({ currentTarget }) => setText(currentTarget.value)} />
          </label>
        </div>
      )}
      <ClientTable clients={found.slice(0, ROWS)} {...others} />
      {found.length > ROWS && (
        <p class="quiet">
          The first {ROWS} of {found.length}.
        </p>
      )}
    </>
  );
}

function ClientTable({ clients, now, onClient, onAction }: ClientsProps) {
  const scale = scaleOf(
    clients.flatMap(({ current }) => current ?? []),
    now,
  );
  return (
    <div class="scrolling">
      <table class="clients">
        <thead>
          <tr>
            <th scope="col">Client</th>
            <th scope="col">State</th>
            <th scope="col" class="wide">
              Current certificate
            </th>
            <th scope="col">Expires</th>
            <th scope="col">Actions</th>
          </tr>
        </thead>
        <tbody>
          {clients.map((client) => (
            <tr key={client.clientName}>
              <th scope="row">
                <button type="button" class="link" onClick={() => onClient(client.clientName)}>
                  {client.clientName}
                </button>
              </th>
              <td>
                <StatePill client={client} />
              </td>
              <td>
                {client.issuance === 'trust anchor' ? (
                  <span class="quiet">of the trust anchor {client.trustAnchor?.name}</span>
                ) : (
                  <Timeline
                    span={client.current && spanOf(client.current, now)}
                    scale={scale}
                    now={now}
                    label={timelineLabel(client.current)}
                  />
                )}
              </td>
              <td class="nowrap">{expiryText(client, now)}</td>
              <td>
                <ActionButtons client={client} onAction={onAction} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function StatePill({ client: { state, current, issuance } }: { readonly client: ClientView }) {
  if (state === 'DISABLED') return <span class="pill warn">disabled</span>;
  if (issuance === 'trust anchor') return <span class="pill good">enabled</span>;
  if (current === undefined) return <span class="pill">no certificate</span>;
  if (current.status !== 'ISSUED') return <span class="pill bad">{STATUS_WORDS[current.status]}</span>;
  return <span class="pill good">enabled</span>;
}

export const STATUS_WORDS: Readonly<Record<CurrentCertificateView['status'], string>> = {
  ISSUED: 'accepted',
  REVOKED: 'revoked',
  NOT_YET_VALID: 'not valid yet',
  EXPIRED: 'expired',
  REPLACED: 'replaced',
};

function spanOf({ notBefore, notAfter, status, expiringFrom }: CurrentCertificateView, now: string): Span {
  const tone = status === 'ISSUED' ? (now >= expiringFrom ? 'soon' : 'good') : 'bad';
  return { notBefore, notAfter, tone };
}

function timelineLabel(current: CurrentCertificateView | undefined): string {
  if (current === undefined) return 'no certificate';
  return `${STATUS_WORDS[current.status]}, valid from ${current.notBefore} to ${current.notAfter}`;
}

function expiryText({ current, trustAnchor, issuance }: ClientView, now: string): string {
  if (issuance === 'trust anchor') return trustAnchor ? `authority ${relativeTime(trustAnchor.notAfter, now)}` : '';
  return current ? relativeTime(current.notAfter, now) : '';
}

interface ActionButtonsProps {
  readonly client: ClientView;
  readonly onAction: (action: IntendedAction) => void;
}

/** A button for each thing that can be done to the client. */
export function ActionButtons({ client, onAction }: ActionButtonsProps) {
  const isEnabled = client.state === 'ENABLED';
  const verbs: readonly Verb[] = [
    ...(client.issuance === 'rotation' && isEnabled ? (['rotate'] as const) : []),
    ...(client.issuance !== 'trust anchor' && client.current ? (['revoke'] as const) : []),
    isEnabled ? 'disable' : 'enable',
  ];
  return (
    <div class="actions">
      {verbs.map((verb) => (
        <button
          key={verb}
          type="button"
          aria-label={`${LABELS[verb]} ${client.clientName}`}
          onClick={() => onAction({ verb, client })}
        >
          {LABELS[verb]}
        </button>
      ))}
    </div>
  );
}

const LABELS: Readonly<Record<Verb, string>> = {
  rotate: 'Rotate',
  revoke: 'Revoke',
  disable: 'Disable',
  enable: 'Enable',
};
