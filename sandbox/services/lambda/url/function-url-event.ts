import { randomUUID } from 'node:crypto';
import { type Account, accountIdIn } from '../../../account';
import type { AwsCall } from '../../../endpoint/api';
import type { Identity } from '../../iam';
import { commonLogTime, type Event, eventBody, objectUnlessEmpty, queryParameters } from '../../shared/payload-format';

export interface UrlCall {
  /** The ID of the URL, which is the first label of its host on AWS. */
  readonly urlId: string;
  /** Percent-encoded, below the URL. At least `/`. */
  readonly path: string;
  readonly identity: Identity;
  readonly account: Account;
  readonly at: Date;
}

/**
 * The event of a function URL with IAM authentication, in payload format 2.0.
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
 */
export function functionUrlEvent(call: AwsCall, { urlId, path, identity, account, at }: UrlCall): Event {
  const { body, headers, method, caller } = call;
  const { cookie, ...others } = headers;
  const rawQueryString = call.query.toString();
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString,
    cookies: cookie?.split(';').map((pair) => pair.trim()),
    headers: { ...others, 'x-forwarded-for': LOOPBACK, 'x-forwarded-port': '443', 'x-forwarded-proto': 'https' },
    queryStringParameters: objectUnlessEmpty(queryParameters(rawQueryString)),
    requestContext: {
      accountId: account.id,
      apiId: urlId,
      authorizer: {
        iam: {
          accessKey: caller.accessKeyId,
          accountId: accountIdIn(identity.userArn) || account.id,
          callerId: identity.userId,
          cognitoIdentity: null,
          principalOrgId: null,
          userArn: identity.userArn,
          userId: identity.userId,
        },
      },
      domainName: `${urlId}.lambda-url.${account.region}.on.aws`,
      domainPrefix: urlId,
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: LOOPBACK, userAgent: headers['user-agent'] ?? '' },
      requestId: randomUUID(),
      routeKey: '$default',
      stage: '$default',
      time: commonLogTime(at),
      timeEpoch: at.getTime(),
    },
    ...eventBody(body, { contentType: headers['content-type'], contentEncoding: headers['content-encoding'] }),
  };
}

const LOOPBACK = '127.0.0.1';
