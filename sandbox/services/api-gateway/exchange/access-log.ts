import { AwsError } from '../../../endpoint/api';
import type { AccessLogSettings } from '../state';
import { contextVariable } from './context-variables';
import type { Exchange } from './exchange';

/**
 * The log line of an exchange: the format with all `$context` variables replaced, `-` for a variable without a value.
 * AWS doesn't document how it writes quotes and line breaks. The sandbox escapes them as in a JSON string, so nothing
 * that a caller sends can add a field or a line.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
 */
export function accessLogLine(format: string, exchange: Exchange): string {
  return format.replace(/\$context\.(\w+(?:\.\w+)*)/g, (_, name: string) => {
    const value = contextVariable(name, exchange);
    return value === undefined || value === '' ? '-' : JSON.stringify(value).slice(1, -1);
  });
}

/** @param destinationArn the ARN of a log group, with or without the `:*` that CloudFormation appends */
export function parseAccessLogSettings(destinationArn: string, format: string): AccessLogSettings {
  const [, logGroup] = /^arn:[^:]+:logs:[^:]*:[^:]*:log-group:([^:]+)(?::\*)?$/.exec(destinationArn) ?? [];
  if (!logGroup)
    throw new AwsError(
      'BadRequestException',
      `the access log's destination must be the ARN of a log group, got ${destinationArn}`,
    );
  return { logGroup, format };
}
