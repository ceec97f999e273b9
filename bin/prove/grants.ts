import type { Sandbox } from 'cdk-mtls-service-mesh/sandbox';
import type { Claim } from './claim';

/** Who may call what in a mesh of services that call each other. */
export function grantClaims(sandbox: Sandbox): readonly Claim[] {
  const claim = (client: string, method: string, path: string, expected: string): Claim => ({
    what: `${client}: ${method} ${path}`,
    expected,
    check: async () => {
      const response = await sandbox.fetch(client, `https://mesh.example.com${path}`, { method });
      const { hops, message } = (await response.json()) as {
        readonly hops?: readonly string[];
        readonly message?: string;
      };
      return { outcome: String(response.status), detail: hops?.join(', ') ?? message ?? '' };
    },
  });
  return [
    claim('helpdesk', 'GET', '/groups/equipment', '200'),
    claim('groups', 'GET', '/equipment/checkouts', '200'),
    claim('users', 'GET', '/groups/members', '200'),
    claim('users', 'GET', '/groups/equipment', '403'),
    claim('users', 'GET', '/equipment/checkouts', '403'),
    claim('equipment', 'GET', '/groups/members', '403'),
    claim('helpdesk', 'DELETE', '/groups/members', '403'),
  ];
}
