/**
 * Deploys a stack of a CDK app on this machine, so tests can call it over mutual TLS without an AWS account.
 * Exported as `cdk-mtls-service-mesh/sandbox`.
 */
export { TlsRequestError } from '../client/errors';
export type { TlsCredentials } from '../client/tls-request';
export type { ClientSecret } from '../mesh/client-secret';
export { AssemblyError } from './cloudformation/assembly';
export type { ResourceStatus, StackEvent, StackStatus } from './cloudformation/event';
export type { DeployOptions, SandboxApp } from './deploy-options';
export type { SandboxResource } from './deployed';
export { DeploymentError } from './deployment-error';
export type { ObservedCall } from './endpoint/call-log';
export type {
  CallFault,
  CallFaultKind,
  Fault,
  FaultyCall,
  InjectedFault,
  InvocationFault,
  InvocationFaultKind,
} from './faults';
export { type EnvironmentOptions, Sandbox, type SandboxClient } from './sandbox';
export type { BusEvent, Delivery } from './services/events/state';
export type { Notification } from './services/sns/state';
export type { SandboxTargets } from './targets';
