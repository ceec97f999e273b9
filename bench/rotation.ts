import { randomUUID } from 'node:crypto';
import { failureSentence } from '../aws/failure';
import { readCertificateOrder } from '../lambda/certificate-issuer/issue/certificate-order';
import { readRotationRequest } from '../lambda/certificate-issuer/rotate/rotation';
import { withDeadline } from '../lambda/deadline';
import { SANDBOX_ACCOUNT } from '../sandbox/account';
import { InProcessCloud, type InProcessCloudOptions } from './in-process-cloud';
import { simulatedMesh } from './simulated-mesh';
import { VirtualTime } from './virtual-time';

/** Lambda's default for an account. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const CONCURRENCY = 1000;
/** The parts of the issuer's three minutes that are for the work itself. */
const ROTATION_MS = 174_000;
export const DEPLOYMENT_MS = 162_000;

type Around = NonNullable<InProcessCloudOptions['around']>;

/** The preparations have no deadline. */
const NEVER_ABORTED = new AbortController().signal;

/** The result for clients that all need a certificate at the same time. */
export interface Simulation {
  /** The number of clients that got a certificate. */
  readonly served: number;
  /** The virtual time until the last client got one. */
  readonly seconds: number;
  /** The number of certificates that the authority issued. Each client needs one. */
  readonly issued: number;
  /** Why invocations of the issuer failed. */
  readonly failures: readonly string[];
  /** As `InProcessCloud.outcomes`. */
  readonly outcomes: ReadonlyMap<string, number>;
}

/**
 * Secrets Manager rotates every client until it succeeds, as many at a time as Lambda runs functions.
 * @param around surrounds every call of the rotations
 */
export async function simulateRotation(
  clients: number,
  around?: (cloud: InProcessCloud, ...call: Parameters<Around>) => ReturnType<Around>,
): Promise<Simulation> {
  const run = new Run();
  let isRotating = false;
  const waiting: string[] = [];
  const beginNext = () => {
    const SecretId = waiting.pop();
    if (SecretId === undefined) return;
    void cloud.create('AWS::SecretsManager::RotationSchedule', { SecretId, RotationLambdaARN: 'issuer' });
  };
  const cloud: InProcessCloud = new InProcessCloud({
    around: (call, answer) => (isRotating && around ? around(cloud, call, answer) : answer()),
    async invoke(event) {
      const request = readRotationRequest(event);
      try {
        await run.invoke(ROTATION_MS, (signal) => mesh.rotation.run(request, signal));
      } catch (error) {
        await run.time.worker(() => mesh.rotation.reportFailure(request.secretId, error));
        throw error;
      }
    },
    onRotationEvent(name) {
      if (name !== 'RotationSucceeded') return;
      run.noteServed();
      beginNext();
    },
  });
  const mesh = await simulatedMesh(cloud);
  return cloud.inUse(async () => {
    for (let i = 0; i < clients; i += 1) {
      const client = await mesh.addClient(`client-${i}`);
      const profile = {
        ...readCertificateOrder({ ...client }),
        secretId: client.SecretId,
        declaredBy: 'stack Clients',
      };
      const update = { updatedAt: new Date().toISOString(), updatedBy: 'deployment' };
      await mesh.registry.registerClient({ ...profile, ...update }, false, NEVER_ABORTED);
      waiting.push(client.SecretId);
    }
    isRotating = true;
    await run.time.run(() => {
      for (let i = 0; i < CONCURRENCY; i += 1) beginNext();
    });
    return run.result(cloud);
  });
}

/** CloudFormation creates all clients of a stack at once, each with its own invocation. */
export async function simulateDeployment(clients: number): Promise<Simulation> {
  const run = new Run();
  const cloud = new InProcessCloud();
  const mesh = await simulatedMesh(cloud);
  const all = await Promise.all(Array.from({ length: clients }, (_, i) => mesh.addClient(`client-${i}`)));
  return cloud.inUse(async () => {
    await run.time.run(() => {
      for (const client of all) {
        const request = {
          requestType: 'Create',
          requestId: randomUUID(),
          stackId: `arn:aws:cloudformation:us-east-1:${SANDBOX_ACCOUNT.id}:stack/mesh/1`,
          logicalResourceId: client.ClientName,
          physicalResourceId: undefined,
          properties: { ...client },
          oldProperties: {},
          responseUrl: '',
          recordedAt: new Date(),
        };
        run
          .invoke(DEPLOYMENT_MS, (signal) => mesh.clientCertificateResource.apply(request, signal))
          .then(() => run.noteServed())
          // `invoke` has recorded the failure.
          .catch(() => undefined);
      }
    });
    return run.result(cloud);
  });
}

/** Invocations of the issuer in virtual time, and their results. */
class Run {
  readonly time = new VirtualTime();
  private readonly failures: string[] = [];
  private served = 0;
  private seconds = 0;

  /** Runs one invocation of the issuer, with its deadline. */
  async invoke(milliseconds: number, work: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    try {
      await withDeadline(milliseconds, (signal) => this.time.worker(() => work(signal)));
    } catch (error) {
      this.failures.push(failureSentence(error));
      throw error;
    }
  }

  noteServed(): void {
    this.served += 1;
    this.seconds = this.time.elapsed / 1000;
  }

  result({ outcomes }: InProcessCloud): Simulation {
    const { failures, served, seconds } = this;
    const issued = outcomes.get('IssueCertificate succeeded') ?? 0;
    return { served, seconds, issued, failures, outcomes };
  }
}
