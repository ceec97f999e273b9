import { physicalName } from '../../../cloudformation/physical-name';
import type { ResourceType } from '../../../cloudformation/resource-type';
import { AwsError } from '../../../endpoint/api';
import { anything, integer, list, oneOf, optional, type Shape, string, structure } from '../../shared/shape';

const MAX_NAME = 255;

const shape = structure({
  DashboardBody: string({ min: 1 }),
  DashboardName: optional(string({ min: 1, max: MAX_NAME }, /^[\w-]+$/)),
  Tags: optional(anything),
});

const widgetShape = structure({
  type: oneOf('metric', 'log', 'text', 'alarm', 'explorer', 'custom'),
  x: optional(integer({ min: 0, max: 23 })),
  y: optional(integer({ min: 0 })),
  width: optional(integer({ min: 1, max: 24 })),
  height: optional(integer({ min: 1, max: 1_000 })),
  properties: record,
});

const REQUIRED: Readonly<Record<ReturnType<typeof widgetShape>['type'], Readonly<Record<string, Shape<unknown>>>>> = {
  // Without a Region, CloudWatch doesn't know where the metrics are.
  metric: { region: string({ min: 1 }) },
  log: { region: string({ min: 1 }), query: string({ min: 1 }) },
  text: { markdown: string() },
  alarm: { alarms: list(string({ min: 1 }, /^arn:/), { min: 1, max: 100 }) },
  explorer: { metrics: list(anything), labels: list(anything) },
  custom: { endpoint: string({ min: 1 }, /^arn:/) },
};

/**
 * `AWS::CloudWatch::Dashboard`. The body is checked, and shown to nobody.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
 */
export function dashboardType(): ResourceType {
  const names = new Set<string>();
  return {
    properties: { DashboardName: 'createOnly', DashboardBody: 'mutable', Tags: 'mutable' },
    create: async (request) => {
      const { DashboardName, DashboardBody } = shape(request.properties, '');
      checkBody(DashboardBody);
      const name = DashboardName ?? physicalName(request, MAX_NAME);
      if (names.has(name)) throw new AwsError('AlreadyExistsException', `the dashboard ${name} already exists`);
      names.add(name);
      return { physicalId: name, attributes: {} };
    },
    update: async ({ properties }, resource) => {
      checkBody(shape(properties, '').DashboardBody);
      return resource;
    },
    delete: async (_request, { physicalId }) => {
      names.delete(physicalId);
    },
  };
}

function checkBody(text: string): void {
  const { widgets } = record(parse(text), '');
  try {
    list(checkWidget, { max: 500 })(widgets, 'widgets');
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message : String(cause));
  }
}

function checkWidget(value: unknown, path: string): void {
  const { type, x, y, width = 6, properties } = widgetShape(value, path);
  for (const [name, required] of Object.entries(REQUIRED[type]))
    required(properties[name], `${path}.properties.${name}`);
  if ((x === undefined) !== (y === undefined)) throw invalid(`${path} must have both x and y, or neither`);
  if ((x ?? 0) + width > 24) throw invalid(`${path} must end within the 24 columns of the dashboard`);
  if (type === 'metric') checkMetrics(properties, path);
}

function checkMetrics({ metrics, annotations }: Readonly<Record<string, unknown>>, path: string): void {
  if (metrics === undefined && annotations === undefined) {
    throw invalid(`${path}.properties must have metrics or annotations`);
  }
  for (const [index, metric] of optional(list(list(anything, { min: 1 })))(metrics, `${path}.metrics`)?.entries() ??
    []) {
    const place = `${path}.properties.metrics.${index + 1}`;
    const rendering = metric.at(-1);
    const isExpression = typeof rendering === 'object' && rendering !== null && 'expression' in rendering;
    const names = metric.filter((part) => typeof part === 'string');
    const others = metric.length - names.length;
    if (others > 1 || (others === 1 && typeof rendering !== 'object')) {
      throw invalid(`${place} must be text, with an object of rendering properties at the end at most`);
    }
    // A namespace, a name, and dimensions in pairs. Dots repeat what is above.
    const isMetric = names.length >= 2 && names.length % 2 === 0;
    if (isExpression ? names.length > 0 : !isMetric && !names.includes('...')) {
      throw invalid(`${place} must have a namespace, a name, and pairs of dimensions, or an expression`);
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('the body must be JSON');
  }
}

function record(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(`${path || 'the body'} must be an object`);
  return value as Readonly<Record<string, unknown>>;
}

function invalid(message: string): AwsError {
  return new AwsError('DashboardInvalidInputError', `The dashboard body is invalid: ${message}`);
}
