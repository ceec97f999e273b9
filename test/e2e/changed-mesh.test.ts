import { App, CfnElement, Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { CertificateAuthority, type ICertificateAuthority } from '../../lib';
import { Sandbox } from '../../sandbox';
import { addScheduleService, exampleMesh } from '../example-mesh';

const SERVICE_URL = 'https://mesh.example.com/schedule/events';

interface Changes {
  readonly authority?: (stack: Stack) => ICertificateAuthority;
}

const withSubject = (commonName: string) => (stack: Stack) =>
  CertificateAuthority.kmsSubordinate(stack, 'Authority', { subject: { commonName } });

/** The authority in another place of the tree, with the logical IDs of before. */
function movedAuthority(stack: Stack): ICertificateAuthority {
  const moved = CertificateAuthority.kmsSubordinate(new Construct(stack, 'Pki'), 'Authority');
  const unmoved = CertificateAuthority.kmsSubordinate(new Stack(undefined, stack.stackName), 'Authority');
  const before = unmoved.node.findAll();
  for (const [index, construct] of moved.node.findAll().entries()) {
    const element = before[index];
    if (!CfnElement.isCfnElement(construct) || !CfnElement.isCfnElement(element)) continue;
    construct.overrideLogicalId(element.stack.resolve(element.logicalId));
  }
  return moved;
}

function appWith({
  authority = (stack) => CertificateAuthority.kmsSubordinate(stack, 'Authority'),
}: Changes = {}): App {
  const app = new App();
  const stack = new Stack(app, 'Live');
  const mesh = exampleMesh(stack, { certificateAuthority: authority(stack) });
  addScheduleService(stack, mesh);
  mesh.addClient('mail');
  return app;
}

describe('a change that would cut off the clients of a live mesh fails, says what to do, and cuts off nobody', () => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await Sandbox.deploy(appWith());
  });
  afterAll(() => sandbox?.close());

  test.each<[string, Changes, RegExp]>([
    [
      'another subject of the authority',
      { authority: withSubject('Example') },
      /must keep the subject CN=Live Authority \w+,/,
    ],
    [
      'an authority that was moved in the tree',
      { authority: movedAuthority },
      /must keep the subject CN=Live Authority \w+,/,
    ],
  ])('%s', async (_what, changes, reason) => {
    await expect(sandbox.update(appWith(changes))).rejects.toThrow(reason);
    expect((await sandbox.fetch('mail', SERVICE_URL)).status).toBe(200);
  });
});
