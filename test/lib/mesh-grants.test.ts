import { Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import {
  type CertificateIssuer,
  ExternalIdentity,
  MeshClient,
  MeshIntegration,
  type MeshService,
  type MtlsServiceMesh,
  TrustAnchorSource,
} from '../../lib';
import { newFunction, newIssuer, newMesh, newStack, onlyResource } from './mesh-stack';

const SERVICE = 'Custom::MtlsService';

describe('the grants of a service', () => {
  let stack: Stack;
  let mesh: MtlsServiceMesh;
  let schedule: MeshService;

  beforeEach(() => {
    stack = newStack();
    mesh = newMesh(stack);
    schedule = mesh.addService('schedule', { integration: MeshIntegration.lambdaFunction(newFunction(stack)) });
  });

  const lines = () => onlyResource(stack, SERVICE).Properties['Grants'];
  const warnings = () =>
    Annotations.fromStack(stack)
      .findWarning('*', Match.anyValue())
      .map(({ entry }) => String(entry.data).replace(/ \[ack: .*\]$/, ''));

  test('are one line each in one resource, whatever the order of the statements', () => {
    const [social, mail] = [mesh.addClient('social'), mesh.addClient('mail', { ownKey: true })];
    const anchor = mesh.addTrustAnchor(
      'partner',
      TrustAnchorSource.fromBucketObject(mesh.truststore.bucket, 'partner.pem', 'v1'),
    );
    const billing = mesh.addExternalClient('billing', {
      trustAnchor: anchor,
      identity: ExternalIdentity.subject('CN=billing'),
    });
    schedule.allow(social);
    schedule.allow(mail, { methods: [HttpMethod.POST, HttpMethod.GET], path: '/events' });
    schedule.allow(mail, { methods: [HttpMethod.GET], path: '/' });
    schedule.allow(billing, { path: '/events/{id}' });
    schedule.allowAllClients({ methods: [HttpMethod.GET], path: '/status' });

    expect(lines()).toEqual([
      '* GET /schedule/status',
      'billing ANY /schedule/events/{id}',
      'mail GET /schedule',
      'mail GET,POST /schedule/events',
      'social ANY /schedule/*',
    ]);
    expect(onlyResource(stack, SERVICE).Properties).toMatchObject({
      TrustDomain: 'mesh.example.com',
      ServiceName: 'schedule',
      ApiId: stack.resolve(mesh.gateway.httpApi.apiId),
    });
    expect(warnings()).toEqual([]);
  });

  test('are none at first, and synthesis says so', () => {
    expect(lines()).toEqual([]);
    expect(warnings()).toEqual(['no client may call the service: use allow or allowAllClients']);
  });

  test('may be of all clients', () => {
    schedule.allowAllClients();
    expect(lines()).toEqual(['* ANY /schedule/*']);
  });

  test.each<[string, (add: (name: string, methods?: HttpMethod[], path?: string) => void) => void, string, string[]]>([
    [
      'the same twice',
      (add) => {
        add('mail', [HttpMethod.GET], '/a');
        add('mail', [HttpMethod.GET, HttpMethod.GET], '/a');
      },
      'the grant "mail GET /schedule/a" is declared twice',
      ['mail GET /schedule/a'],
    ],
    [
      'one that an earlier one includes',
      (add) => {
        add('mail');
        add('mail', [HttpMethod.GET], '/a');
      },
      'the grant "mail GET /schedule/a" is part of "mail ANY /schedule/*"',
      ['mail ANY /schedule/*', 'mail GET /schedule/a'],
    ],
    [
      'one that a later one includes',
      (add) => {
        add('mail', [HttpMethod.GET], '/a/{b}');
        add('mail', [HttpMethod.ANY], '/a/{b+}');
      },
      'the grant "mail GET /schedule/a/{b}" is part of "mail ANY /schedule/a/{b+}"',
      ['mail ANY /schedule/a/{b+}', 'mail GET /schedule/a/{b}'],
    ],
    [
      'one that all clients have',
      (add) => {
        schedule.allowAllClients({ methods: [HttpMethod.GET] });
        add('mail', [HttpMethod.GET], '/a');
      },
      'the grant "mail GET /schedule/a" is part of "* GET /schedule/*"',
      ['* GET /schedule/*', 'mail GET /schedule/a'],
    ],
    [
      'a path that repeats the name of the service',
      (add) => add('mail', [HttpMethod.GET], '/schedule/events'),
      'the grant "mail GET /schedule/schedule/events" repeats the path of the service: its path is within /schedule',
      ['mail GET /schedule/schedule/events'],
    ],
  ])('name what is probably a mistake: %s', (_what, declare, warning, expected) => {
    const mail = mesh.addClient('mail');
    declare((_name, methods, path) =>
      schedule.allow(mail, { ...(methods && { methods }), ...(path !== undefined && { path }) }),
    );
    expect(lines()).toEqual(expected);
    expect(warnings()).toEqual([warning]);
  });

  test('of different clients, methods, and paths are no mistakes', () => {
    const [mail, social] = [mesh.addClient('mail'), mesh.addClient('social')];
    schedule.allow(mail, { methods: [HttpMethod.GET], path: '/a' });
    schedule.allow(social, { methods: [HttpMethod.GET], path: '/a' });
    schedule.allow(mail, { methods: [HttpMethod.POST], path: '/a' });
    schedule.allow(mail, { methods: [HttpMethod.GET], path: '/a/' });
    schedule.allow(mail, { methods: [HttpMethod.GET], path: '/a/{b}/c' });
    expect(warnings()).toEqual([]);
  });

  test.each<[object, string]>([
    [{ methods: [] }, 'methods must name at least one method, got none'],
    [{ path: 'events' }, 'path must start with a slash, got "events"'],
    [{ path: '/a/../b' }, 'path must not contain a dot segment, got "/a/../b"'],
    [{ path: '/a//b' }, 'path must not contain an empty segment, got "/a//b"'],
    [{ path: '/{a+}/b' }, 'path must have a greedy path parameter only at its end, got "/{a+}/b"'],
    [{ path: '/*' }, 'path must consist of segments of letters'],
    [{ path: '/a?b=c' }, 'path must consist of segments of letters'],
  ])('can not be %j', (options, message) => {
    const mail = mesh.addClient('mail');
    expect(() => schedule.allow(mail, options)).toThrow(`Test/Mesh/Service-schedule: ${message}`);
    expect(lines()).toEqual([]);
  });

  test('can not be for a client of another mesh', () => {
    const issuer: CertificateIssuer = newIssuer(stack, 'other.example.com');
    const stranger = new MeshClient(stack, 'Stranger', { clientName: 'mail', issuer });
    expect(() => schedule.allow(stranger)).toThrow(
      'Test/Mesh/Service-schedule: client must be a client of the same mesh, whose SPIFFE IDs are ' +
        'spiffe://mesh.example.com/<name>, got spiffe://other.example.com/mail',
    );
  });

  test('can be for a client that another app declares, by its name', () => {
    schedule.allow(MeshClient.fromClientName(stack, 'Imported', 'calendar', 'mesh.example.com'), { path: '/events' });
    expect(lines()).toEqual(['calendar ANY /schedule/events']);
    expect(() => MeshClient.fromClientName(stack, 'Wrong', 'Calendar', 'mesh.example.com')).toThrow(
      'Test/Wrong: clientName must be a DNS label',
    );
    const stranger = MeshClient.fromClientName(stack, 'Stranger', 'calendar', 'other.example.com');
    expect(() => schedule.allow(stranger)).toThrow('client must be a client of the same mesh');
  });

  test('can be for a client of another stack, which neither stack then depends on', () => {
    const other = new Stack(stack.node.root as Stack, 'Other');
    const mail = new MeshClient(other, 'Mail', { clientName: 'mail', issuer: mesh.issuer });
    schedule.allow(mail);
    expect(lines()).toEqual(['mail ANY /schedule/*']);
    expect(stack.dependencies).toEqual([]);
  });
});
