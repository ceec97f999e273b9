import { SANDBOX_ACCOUNT } from '../../../../sandbox/account';
import { Clock } from '../../../../sandbox/clock';
import type { Properties, Resource } from '../../../../sandbox/cloudformation/resource-type';
import { CallLog } from '../../../../sandbox/endpoint/call-log';
import { Endpoint } from '../../../../sandbox/endpoint/server';
import { Faults } from '../../../../sandbox/faults';
import { CertificateManagerService } from '../../../../sandbox/services/certificate-manager';
import { IamService } from '../../../../sandbox/services/iam';
import { LambdaService } from '../../../../sandbox/services/lambda';
import type { LambdaOptions } from '../../../../sandbox/services/lambda/state';
import { CloudWatchLogsService } from '../../../../sandbox/services/logs';
import { requestFor, resourceType } from '../resource-request';

const BASIC_EXECUTION = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';

export interface FunctionCloudOptions {
  /** Directories by object key. */
  readonly assets?: Readonly<Record<string, string>>;
  readonly endpointUrl?: string;
  readonly network?: LambdaOptions['network'];
}

/** What a function needs around it, with no stack. */
export class FunctionCloud {
  readonly iam: IamService;
  readonly logs: CloudWatchLogsService;
  readonly lambda: LambdaService;
  readonly clock = new Clock();
  readonly faults = new Faults();

  constructor({ assets = {}, endpointUrl = 'http://127.0.0.1:9', network }: FunctionCloudOptions = {}) {
    const surroundings = { account: SANDBOX_ACCOUNT, clock: this.clock };
    const { serverAuthority } = new CertificateManagerService(surroundings);
    this.iam = new IamService(surroundings);
    this.logs = new CloudWatchLogsService(surroundings);
    const { iam, logs, faults } = this;
    this.lambda = new LambdaService(surroundings, {
      iam,
      logs,
      faults,
      endpointUrl,
      network: network ?? { servedHosts: () => ({}), serverAuthority },
      assets: { pathOf: (key) => assets[key] },
    });
  }

  /** ARN of a role that Lambda may assume. */
  async createRole(properties: Properties = {}): Promise<string> {
    const trust = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } };
    const role = await resourceType(this.iam, 'AWS::IAM::Role').create(
      requestFor({
        AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: trust },
        ManagedPolicyArns: [BASIC_EXECUTION],
        ...properties,
      }),
    );
    return String(role.attributes.Arn);
  }

  async createFunction(body: string, properties: Properties = {}): Promise<Resource> {
    return resourceType(this.lambda, 'AWS::Lambda::Function').create(
      requestFor({ ...(await this.functionProperties(body)), ...properties }),
    );
  }

  async functionProperties(body: string): Promise<Properties> {
    return {
      Code: { ZipFile: `exports.handler = async (event, context) => { ${body} };` },
      Handler: 'index.handler',
      Runtime: 'nodejs24.x',
      Role: await this.createRole(),
    };
  }

  logOf(created: Resource): string {
    return this.logs.lines(`/aws/lambda/${created.physicalId}`).join('\n');
  }
}

/** Functions, and an endpoint that serves them. */
export interface ServedFunctions {
  readonly cloud: FunctionCloud;
  readonly endpoint: Endpoint;
  readonly calls: CallLog;
  close(): Promise<void>;
}

export async function serveFunctions(): Promise<ServedFunctions> {
  const endpoint = await Endpoint.listen();
  const calls = new CallLog();
  const cloud = new FunctionCloud({ endpointUrl: endpoint.url });
  const { iam, lambda, clock, faults } = cloud;
  endpoint.serve({
    accounts: [{ apis: [lambda.api], iam }],
    clock,
    faults,
    calls,
    killProcessOf: (accessKeyId) => lambda.killProcessOf(accessKeyId),
    receiveCustomResourceResponse: () => false,
  });
  const close = async () => {
    await lambda.close();
    await endpoint.close();
    clock.close();
  };
  return { cloud, endpoint, calls, close };
}

/** Whether a process of that id runs. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
