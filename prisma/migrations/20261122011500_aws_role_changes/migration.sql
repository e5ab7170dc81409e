-- That a role was seen once more is no change of it.
SELECT "publish_changes"('AwsRole', '{lastSeenAt}');
