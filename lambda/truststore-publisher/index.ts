import { S3Client } from '@aws-sdk/client-s3';
import type { Context } from 'aws-lambda';
import { Announcer } from '../announcer';
import { CLIENT_SETTINGS } from '../aws/client-settings';
import { DefaultEventBus } from '../aws/event-bus';
import { S3 } from '../aws/s3';
import { S3ObjectReader } from '../aws/s3-object-reader';
import { handleCustomResource } from '../custom-resource/custom-resource';
import { trustDomainOf } from '../environment';
import { logLine } from '../log';
import { Truststore } from './truststore';

const store = new S3(new S3Client(CLIENT_SETTINGS));
const announcer = new Announcer(new DefaultEventBus(process.env), trustDomainOf(process.env), logLine);
const objects = new S3ObjectReader(process.env);
const truststore = new Truststore(store, objects, announcer, () => new Date(), logLine);

export const handler = (event: unknown, context: Context): Promise<void> =>
  handleCustomResource(truststore, event, context, logLine);
