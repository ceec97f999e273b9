import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { ConsoleState, Part } from '../state';
import { ActionDialog, type IntendedAction } from './action-dialog';
import { ClientSheet } from './client-sheet';
import { Clients } from './clients';
import { Decisions } from './decisions';
import { ExpiryList } from './expiry-list';
import { Graph } from './graph';
import { Refusals } from './refusals';
import { fullTime } from './times';
import { TrafficChart } from './traffic-chart';
import { useConsoleState } from './use-console-state';

export function App() {
  const { state, failure, reload } = useConsoleState();
  const [action, setAction] = useState<IntendedAction>();
  const [openClient, setOpenClient] = useState<string>();
  const [version, setVersion] = useState(0);

  if (state === undefined) {
    return (
      <main>
        <p role={failure ? 'alert' : 'status'}>{failure ?? 'Reading the mesh…'}</p>
      </main>
    );
  }
  const clients = state.registry.value?.clients ?? [];
  const shown = clients.find(({ clientName }) => clientName === openClient);
  const afterAction = async () => {
    await reload();
    setVersion((last) => last + 1);
  };
  return (
    <>
      <Header state={state} failure={failure} />
      <main>
        <Panels state={state} onClient={setOpenClient} onAction={setAction} />
      </main>
      {shown && (
        <ClientSheet
          key={shown.clientName}
          client={shown}
          now={state.at}
          version={version}
          onAction={setAction}
          onClose={() => setOpenClient(undefined)}
        />
      )}
      {action && <ActionDialog action={action} onDone={afterAction} onClose={() => setAction(undefined)} />}
    </>
  );
}

function Header({ state, failure }: { readonly state: ConsoleState; readonly failure: string | undefined }) {
  return (
    <header class="top">
      <div>
        <h1>{state.trustDomain}</h1>
        <p class="quiet">{state.operator.value ? `as ${state.operator.value}` : 'mtls-mesh console'}</p>
      </div>
      <p class={failure ? 'live failed' : 'live'} role="status">
        {failure ?? `Live, ${fullTime(state.at)} UTC`}
      </p>
    </header>
  );
}

interface PanelsProps {
  readonly state: ConsoleState;
  readonly onClient: (clientName: string) => void;
  readonly onAction: (action: IntendedAction) => void;
}

function Panels({ state: { at: now, registry, traffic }, onClient, onAction }: PanelsProps) {
  const clients = registry.value?.clients ?? [];
  const refused = new Map<string, number>();
  for (const { caller, count } of traffic.value?.refusals.flatMap(({ callers }) => callers) ?? []) {
    refused.set(caller, (refused.get(caller) ?? 0) + count);
  }
  return (
    <>
      <Failures registry={registry} traffic={traffic} />
      <Panel title="Who calls whom" area="graph">
        {traffic.value && <TrafficChart minutes={traffic.value.minutes} />}
        {registry.value && (
          <Graph
            registry={registry.value}
            calls={traffic.value?.calls ?? []}
            refused={refused}
            now={now}
            onClient={onClient}
          />
        )}
        {traffic.value?.gaps.map((gap) => (
          <p key={gap} class="quiet">
            {gap}
          </p>
        ))}
      </Panel>
      <Panel title="Refusals by reason" area="refusals">
        {traffic.value ? <Refusals traffic={traffic.value} now={now} /> : <NotKnown part={traffic} />}
      </Panel>
      <Panel title="Expires next" area="expiry">
        {registry.value ? <ExpiryList clients={clients} now={now} /> : <NotKnown part={registry} />}
      </Panel>
      <Panel title="Clients" area="clients">
        {registry.value ? (
          <Clients clients={clients} now={now} onClient={onClient} onAction={onAction} />
        ) : (
          <NotKnown part={registry} />
        )}
      </Panel>
      <Panel title="Decisions" area="decisions">
        {traffic.value ? <Decisions decisions={traffic.value.decisions} /> : <NotKnown part={traffic} />}
      </Panel>
    </>
  );
}

interface PanelProps {
  readonly title: string;
  readonly area: string;
  readonly children: ComponentChildren;
}

function Panel({ title, area, children }: PanelProps) {
  return (
    <section class={`panel ${area}`} aria-labelledby={`panel-${area}`}>
      <h2 id={`panel-${area}`}>{title}</h2>
      {children}
    </section>
  );
}

/** In the place of what has not been read. */
function NotKnown({ part }: { readonly part: Part<unknown> }) {
  return <p class="quiet">{part.failure === undefined ? 'Reading…' : 'Not known.'}</p>;
}

/** Why parts of the page are old or missing. */
function Failures({ registry, traffic }: Pick<ConsoleState, 'registry' | 'traffic'>) {
  const failures = [failureText('registry', registry), failureText('traffic', traffic)].filter(
    (text) => text !== undefined,
  );
  if (failures.length === 0) return null;
  return (
    <div class="failures" role="alert">
      {failures.map((text) => (
        <p key={text}>{text}</p>
      ))}
    </div>
  );
}

function failureText(name: string, { failure, readAt }: Part<unknown>): string | undefined {
  if (failure === undefined) return undefined;
  const shown = readAt === undefined ? '' : ` The page shows it as of ${fullTime(readAt)} UTC.`;
  return `The ${name} can’t be read: ${failure}.${shown}`;
}
