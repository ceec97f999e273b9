/**
 * Names and ARNs of AWS resources. Each function describes what is wrong with a value, as the rest of a sentence that
 * begins with the property's name. It returns undefined for a valid value.
 */

export function authorityArnProblem(arn: string): string | undefined {
  return isAcmPcaArn(arn) || isKmsKeyArn(arn)
    ? undefined
    : 'must be the ARN of an ACM PCA certificate authority, or of the KMS key of one';
}

export function acmPcaArnProblem(arn: string): string | undefined {
  return isAcmPcaArn(arn) ? undefined : 'must be the ARN of an ACM PCA certificate authority';
}

function isAcmPcaArn(arn: string): boolean {
  return /^arn:aws[a-z-]*:acm-pca:[a-z0-9-]+:\d{12}:certificate-authority\/[0-9a-f-]{36}$/.test(arn);
}

/** Not of an alias, because an alias can be moved to another key. */
export function isKmsKeyArn(arn: string): boolean {
  return /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/([0-9a-f-]{36}|mrk-[0-9a-f]{32})$/.test(arn);
}

export function secretArnProblem(arn: string): string | undefined {
  return /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]{1,519}$/.test(arn)
    ? undefined
    : 'must be the ARN of a secret';
}

export function stackArnProblem(arn: string): string | undefined {
  return /^arn:aws[a-z-]*:cloudformation:[a-z0-9-]+:\d{12}:stack\/[A-Za-z][A-Za-z0-9-]{0,127}\/[0-9a-f-]{36}$/.test(arn)
    ? undefined
    : 'must be the ARN of a stack';
}

/** For the name of a stack, or the beginning of the names of nested stacks, with `-*` at its end. */
export function stackNamePatternProblem(name: string): string | undefined {
  return /^[A-Za-z][A-Za-z0-9-]{0,127}(-\*)?$/.test(name) ? undefined : 'must be the name of a stack, or end with -*';
}

/** For the ID of an API of API Gateway. https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid.html */
export function apiIdProblem(id: string): string | undefined {
  return /^[a-z0-9]{1,64}$/.test(id) ? undefined : 'must be the ID of an API';
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html */
export function tableNameProblem(name: string): string | undefined {
  if (name.length > 255) return 'must have at most 255 characters';
  return /^[\w.-]{3,}$/.test(name) ? undefined : 'must be the name of a table';
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
export function bucketNameProblem(name: string): string | undefined {
  return /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) ? undefined : 'must be the name of a general purpose bucket';
}

/**
 * Keys are used in ARNs, where `*` and `?` match other objects, and in URLs, where `..` leads to other objects.
 */
export function objectKeyProblem(key: string): string | undefined {
  if (!/^[\w./-]{1,1024}$/.test(key)) {
    return 'must be 1 to 1024 letters, digits, dots, hyphens, underscores and slashes';
  }
  return /(^|\/)\.{1,2}(\/|$)/.test(key) ? 'must have neither "." nor ".." between slashes' : undefined;
}

/**
 * S3 documents version IDs as opaque; its examples contain slashes and plus signs:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html
 */
export function objectVersionProblem(versionId: string): string | undefined {
  if (versionId === 'null')
    return 'must be a version from a bucket with versioning, because only such a version is immutable';
  return /^[\w.~+/=-]{1,1024}$/.test(versionId) ? undefined : 'must be an S3 version ID';
}

/**
 * For the HTTP address of revocation lists, to which the key of an object is appended. Verifiers that need the list to check a
 * certificate can't fetch it by HTTPS: https://www.rfc-editor.org/rfc/rfc5280#section-8
 */
export function listAddressProblem(address: string): string | undefined {
  return /^http:\/\/[a-z0-9.-]{1,253}(:\d{1,5})?(\/[\w.~-]+)*$/.test(address) && address.length <= 400
    ? undefined
    : 'must be an http URL without a slash at its end, such as http://crl.example.com/mesh';
}
