import type { StackEvent } from './cloudformation/event';
import type { SandboxTargets } from './targets';

/** A CDK app, or the path of a directory that `cdk synth` wrote. */
export type SandboxApp = string | { synth(): { readonly directory: string } };

export interface DeployOptions {
  /**
   * The name, construct path, or artifact ID of a stack, which is deployed together with the stacks that it depends on.
   * @default - all stacks of the app and its stages
   */
  readonly stack?: string;
  /**
   * Values for the parameters of the templates by name, or as `Stack:Name` for one stack, and values of the account that the app doesn't declare, in the words of
   * dynamic references: `ssm:/mail/host`, `ssm-secure:/mail/password`, or `secretsmanager:mail/database`. Dynamic references,
   * parameters of the type `AWS::SSM::Parameter::Value<…>`, and functions find the latter.
   *
   * @default - the default of each parameter; a reference to a value that doesn't exist fails with its name
   */
  readonly parameters?: Readonly<Record<string, string>>;
  /**
   * The port of the mesh on 127.0.0.1.
   * @default - a free port
   */
  readonly port?: number;
  /**
   * What answers for services with an HTTP backend, by the name of the service: a port on 127.0.0.1, or the URL of a server.
   * It stands in for a backend behind a VPC link, which the sandbox can't reach, or for a public URL. The test or a person
   * starts it, for example in a debugger.
   *
   * @default - none: a service behind a VPC link can't be deployed, and public URLs are called
   */
  readonly targets?: SandboxTargets;
  /**
   * The URL of another emulator, such as LocalStack, moto, or MiniStack, for example `http://127.0.0.1:4566`. Calls of
   * functions to AWS services that the sandbox doesn't have go there, as they are. The policies of roles don't apply there.
   *
   * @default - calls of such services fail with the name of the service and the operation
   */
  readonly fallbackEndpoint?: string;
  /**
   * Whether a deployment fails if the template has a resource type, property, or managed policy that the sandbox doesn't
   * know. Otherwise such a resource stands in: it has made-up values, and nothing happens when it is created. See
   * `notices`.
   *
   * @default false
   */
  readonly strict?: boolean;
  /** Called for every stack event. */
  readonly onEvent?: (event: StackEvent) => void;
  /** Called for every line that a function or the gateway logs, as it is written. `logs` returns all of them. */
  readonly onLog?: (logGroup: string, line: string) => void;
}
