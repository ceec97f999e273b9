import { answerOf } from '../can/can';
import { meshGrantsOf } from '../shared/grants/deployed-grants';
import type { MeshGrants } from '../shared/grants/mesh-grants';
import { listClients, listServices } from '../shared/inventory';
import type { OperatedMesh } from '../shared/mesh';
import { Refreshed } from './refreshed';
import { registryView } from './registry-view';
import type { ConsoleState, RegistryView, TrafficView } from './state';
import type { MeshTraffic, MeshTrafficOptions } from './traffic/traffic';

/** How often the registry, the logs, and the name of the operator are read while somebody looks at the page. Milliseconds. */
const REGISTRY_AGE = 10_000;
const TRAFFIC_AGE = 5_000;
const OPERATOR_AGE = 300_000;

/** What the page shows of a mesh. */
export class MeshView {
  private grants: MeshGrants | undefined;
  private readonly operator: Refreshed<string>;
  private readonly registry: Refreshed<RegistryView>;
  private readonly traffic: Refreshed<TrafficView>;

  /** @param openTraffic gets what explains the decisions */
  constructor(
    private readonly mesh: OperatedMesh,
    openTraffic: (explain: MeshTrafficOptions['explain']) => Pick<MeshTraffic, 'read'>,
  ) {
    const { now } = mesh;
    const traffic = openTraffic((request) => this.explain(request));
    this.operator = new Refreshed({ read: () => mesh.operator(), now, maxAge: OPERATOR_AGE });
    this.registry = new Refreshed({ read: () => this.readRegistry(), now, maxAge: REGISTRY_AGE });
    this.traffic = new Refreshed({ read: (signal) => traffic.read(now(), signal), now, maxAge: TRAFFIC_AGE });
  }

  async state(): Promise<ConsoleState> {
    const { trustDomain, now } = this.mesh;
    // The grants explain the requests, so they are read first.
    const [operator, registry] = await Promise.all([this.operator.current(), this.registry.current()]);
    const traffic = await this.traffic.current();
    return { trustDomain, at: now().toISOString(), operator, registry, traffic };
  }

  /** After a change of the mesh. */
  async renew(): Promise<void> {
    await this.registry.renew();
  }

  private async readRegistry(): Promise<RegistryView> {
    const clients = await listClients(this.mesh);
    this.grants = meshGrantsOf(await listServices(this.mesh), clients);
    return registryView(clients, this.grants, this.mesh.now());
  }

  /** The log has no grants, so a request is explained by those that there are now. */
  private explain(request: Parameters<MeshTrafficOptions['explain']>[0]): string {
    if (this.grants === undefined) return 'the grants are not known';
    const answer = answerOf(request, this.grants);
    return answer.allowed ? `grant ${answer.grant} of ${answer.service}` : `now refused: ${answer.reason}`;
  }
}
