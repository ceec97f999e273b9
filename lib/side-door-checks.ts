import type {
  IPolicyValidationContextBeta1,
  IPolicyValidationPluginBeta1,
  PolicyValidationPluginReportBeta1,
} from 'aws-cdk-lib';
import { templatesIn } from './private/side-doors/assembly';
import { SIDE_DOOR_RULES } from './private/side-doors/rules';
import { SideDoorSearch } from './private/side-doors/search';

/**
 * A validation plugin that finds ways around a mesh in the synthesized templates of an app: of all of its stages and stacks,
 * nested stacks included.
 *
 * Synthesis fails without the plugin as well if constructs open a side door, also by an override or a resource of the lower level.
 * The plugin reads what synthesis has written in the end, so it also sees what a synthesizer of yours or a stage without a
 * mesh has added, and its report is one of the app's validation reports.
 *
 * Its rules are `EXECUTE_API_ENDPOINT`, `ENDPOINT_TYPE`, `DOMAIN_WITHOUT_MUTUAL_TLS`, `SECURITY_POLICY`, `MAPPING`,
 * `AUTHORIZER_CACHE`, `ROUTE_WITHOUT_AUTHORIZER`, `UNCHECKED_ROUTES`, and `IDENTITY_HEADER`. They count for the APIs that have services
 * of a mesh or the authorizer of one.
 *
 * @example
 * new App({ policyValidationBeta1: [new SideDoorChecks()] });
 *
 * @see https://docs.aws.amazon.com/cdk/v2/guide/policy-validation-synthesis.html
 */
export class SideDoorChecks implements IPolicyValidationPluginBeta1 {
  /** The name in reports. */
  readonly name: string = 'SideDoorChecks';

  /** The names of the rules. */
  readonly ruleIds?: string[] = Object.keys(SIDE_DOOR_RULES);

  /** Reads the templates and reports each side door with its resource and property. */
  validate(context: IPolicyValidationContextBeta1): PolicyValidationPluginReportBeta1 {
    const doors = new SideDoorSearch(templatesIn(context.templatePaths)).find();
    return {
      success: doors.length === 0,
      violations: doors.map(({ rule, resource, property, problem }) => ({
        ruleName: rule,
        severity: 'error',
        description: `${property} ${problem}`,
        fix: SIDE_DOOR_RULES[rule],
        violatingResources: [
          {
            resourceLogicalId: resource.logicalId,
            templatePath: resource.template.id,
            locations: [`Properties/${property.replaceAll('.', '/')}`],
          },
        ],
      })),
    };
  }
}
