import { AwsError } from '../../../endpoint/api';
import type { AccessLogSettings } from '../state';
import { contextVariable } from './context-variables';
import type { Exchange } from './exchange';

/**
 * The line of an exchange: the format with every `$context` variable in place, `-` for one without a value.
 * AWS does not say how it writes quotes and line breaks; the sandbox writes them as inside a JSON string, so that
 * nothing a caller sends can begin another field or another line.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
 */
export function accessLogLine(format: string, exchange: Exchange): string {
  return format.replace(/\$context\.(\w+(?:\.\w+)*)/g, (_, name: string) => {
    const value = contextVariable(name, exchange);
    return value === undefined || value === '' ? '-' : JSON.stringify(value).slice(1, -1);
  });
}

/** @param destinationArn of a log group, with or without the `:*` that CloudFormation puts at its end */
export function parseAccessLogSettings(destinationArn: string, format: string): AccessLogSettings {
  const [, logGroup] = /^arn:[^:]+:logs:[^:]*:[^:]*:log-group:([^:]+)(?::\*)?$/.exec(destinationArn) ?? [];
  if (!logGroup)
    throw new AwsError(
      'BadRequestException',
      `the access log's destination must be the ARN of a log group, got ${destinationArn}`,
    );
  return { logGroup, format };
}
