import type { ResourceType } from '../../cloudformation/resource-type';
import type { Service } from '../shared/service';
import { hostedZoneType } from './resources/hosted-zone';
import { recordSetType } from './resources/record-set';

/** Amazon Route 53: hosted zones and records are checked when they are created, but no resolver answers from them. */
export class Route53Service implements Service {
  readonly resourceTypes: Readonly<Record<string, ResourceType>> = {
    'AWS::Route53::HostedZone': hostedZoneType(),
    'AWS::Route53::RecordSet': recordSetType(),
  };
}
