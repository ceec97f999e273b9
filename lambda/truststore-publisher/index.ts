import { S3Client } from '@aws-sdk/client-s3';
import type { Context } from 'aws-lambda';
import { CLIENT_SETTINGS } from '../aws/client-settings';
import { S3 } from '../aws/s3';
import { handleCustomResource } from '../custom-resource/custom-resource';
import { logLine } from '../log';
import { Truststore } from './truststore';

const truststore = new Truststore(new S3(new S3Client(CLIENT_SETTINGS)), () => new Date(), logLine);

export const handler = (event: unknown, context: Context): Promise<void> =>
  handleCustomResource(truststore, event, context, logLine);
