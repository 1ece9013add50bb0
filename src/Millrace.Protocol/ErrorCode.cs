namespace Millrace.Protocol;

/// <summary>The error codes of the Kafka protocol. <see cref="ErrorCodes"/> has the facts about each.</summary>
public enum ErrorCode : short
{
    /// <summary>The broker failed in a way that it did not foresee; its log has the details.</summary>
    UnknownServerError = -1,

    /// <summary>No error.</summary>
    None = 0,

    /// <summary>The offset lies outside what the partition holds.</summary>
    OffsetOutOfRange = 1,

    /// <summary>A record batch is damaged: its checksum, size or structure is wrong.</summary>
    CorruptMessage = 2,

    /// <summary>The topic or partition does not exist here.</summary>
    UnknownTopicOrPartition = 3,

    /// <summary>The fetch size is not valid.</summary>
    InvalidFetchSize = 4,

    /// <summary>The partition has no leader at the moment.</summary>
    LeaderNotAvailable = 5,

    /// <summary>This broker does not lead the partition.</summary>
    NotLeaderOrFollower = 6,

    /// <summary>The request took longer than its timeout.</summary>
    RequestTimedOut = 7,

    /// <summary>The broker is not available.</summary>
    BrokerNotAvailable = 8,

    /// <summary>The replica is not available.</summary>
    ReplicaNotAvailable = 9,

    /// <summary>The record batch is larger than max.message.bytes allows.</summary>
    MessageTooLarge = 10,

    /// <summary>The controller's epoch is out of date.</summary>
    StaleControllerEpoch = 11,

    /// <summary>The metadata of a committed offset is longer than offset.metadata.max.bytes allows.</summary>
    OffsetMetadataTooLarge = 12,

    /// <summary>The connection broke before the response was there.</summary>
    NetworkException = 13,

    /// <summary>The coordinator is still reading its state.</summary>
    CoordinatorLoadInProgress = 14,

    /// <summary>No coordinator is available.</summary>
    CoordinatorNotAvailable = 15,

    /// <summary>This broker does not coordinate the group or transaction.</summary>
    NotCoordinator = 16,

    /// <summary>The topic's name is not allowed.</summary>
    InvalidTopic = 17,

    /// <summary>The record batch is larger than a segment can hold.</summary>
    RecordListTooLarge = 18,

    /// <summary>Fewer replicas are in sync than min.insync.replicas asks for.</summary>
    NotEnoughReplicas = 19,

    /// <summary>The records were written, then fewer replicas were in sync than min.insync.replicas asks for.</summary>
    NotEnoughReplicasAfterAppend = 20,

    /// <summary>acks must be -1, 0 or 1.</summary>
    InvalidRequiredAcks = 21,

    /// <summary>The generation is not the group's current one.</summary>
    IllegalGeneration = 22,

    /// <summary>The member's protocol type or protocols do not fit those of the group.</summary>
    InconsistentGroupProtocol = 23,

    /// <summary>The group's id is not valid.</summary>
    InvalidGroupId = 24,

    /// <summary>The group does not know this member.</summary>
    UnknownMemberId = 25,

    /// <summary>The session timeout lies outside the range that the broker allows.</summary>
    InvalidSessionTimeout = 26,

    /// <summary>The group is rebalancing: join again.</summary>
    RebalanceInProgress = 27,

    /// <summary>The offsets are too large for one batch.</summary>
    InvalidCommitOffsetSize = 28,

    /// <summary>The principal may not do this with the topic.</summary>
    TopicAuthorizationFailed = 29,

    /// <summary>The principal may not do this with the group.</summary>
    GroupAuthorizationFailed = 30,

    /// <summary>The principal may not do this with the cluster.</summary>
    ClusterAuthorizationFailed = 31,

    /// <summary>The timestamp of a record lies outside the range that the topic allows.</summary>
    InvalidTimestamp = 32,

    /// <summary>The broker does not offer this SASL mechanism.</summary>
    UnsupportedSaslMechanism = 33,

    /// <summary>The request does not fit the state of the SASL exchange.</summary>
    IllegalSaslState = 34,

    /// <summary>The broker does not know this version of the API.</summary>
    UnsupportedVersion = 35,

    /// <summary>A topic of this name exists.</summary>
    TopicAlreadyExists = 36,

    /// <summary>The number of partitions is not valid.</summary>
    InvalidPartitions = 37,

    /// <summary>The replication factor is not valid for this cluster.</summary>
    InvalidReplicationFactor = 38,

    /// <summary>The replica assignment is not valid.</summary>
    InvalidReplicaAssignment = 39,

    /// <summary>A configuration value is not valid.</summary>
    InvalidConfig = 40,

    /// <summary>This broker is not the controller.</summary>
    NotController = 41,

    /// <summary>The request contradicts itself or the protocol.</summary>
    InvalidRequest = 42,

    /// <summary>The topic's message format cannot carry this.</summary>
    UnsupportedForMessageFormat = 43,

    /// <summary>A policy of the cluster forbids this.</summary>
    PolicyViolation = 44,

    /// <summary>The producer's sequence number does not follow the last one.</summary>
    OutOfOrderSequenceNumber = 45,

    /// <summary>The producer's sequence number was seen before.</summary>
    DuplicateSequenceNumber = 46,

    /// <summary>The producer's epoch is older than the newest one known.</summary>
    InvalidProducerEpoch = 47,

    /// <summary>The transaction's state does not allow this.</summary>
    InvalidTxnState = 48,

    /// <summary>The transactional id belongs to another producer id.</summary>
    InvalidProducerIdMapping = 49,

    /// <summary>The transaction timeout is larger than transaction.max.timeout.ms allows.</summary>
    InvalidTransactionTimeout = 50,

    /// <summary>Another change of the same transaction is under way.</summary>
    ConcurrentTransactions = 51,

    /// <summary>The transaction coordinator was replaced.</summary>
    TransactionCoordinatorFenced = 52,

    /// <summary>The principal may not use this transactional id.</summary>
    TransactionalIdAuthorizationFailed = 53,

    /// <summary>Security is turned off on this broker.</summary>
    SecurityDisabled = 54,

    /// <summary>The operation was not tried, because an earlier one in the request failed.</summary>
    OperationNotAttempted = 55,

    /// <summary>The log could not be read or written: the disk is full or broken.</summary>
    KafkaStorageError = 56,

    /// <summary>The log directory does not exist on this broker.</summary>
    LogDirNotFound = 57,

    /// <summary>The credentials were not accepted.</summary>
    SaslAuthenticationFailed = 58,

    /// <summary>The partition no longer knows this producer id.</summary>
    UnknownProducerId = 59,

    /// <summary>The partition is being reassigned.</summary>
    ReassignmentInProgress = 60,

    /// <summary>Delegation tokens are turned off.</summary>
    DelegationTokenAuthDisabled = 61,

    /// <summary>There is no such delegation token.</summary>
    DelegationTokenNotFound = 62,

    /// <summary>The principal does not own the delegation token.</summary>
    DelegationTokenOwnerMismatch = 63,

    /// <summary>Delegation tokens are not allowed on this connection.</summary>
    DelegationTokenRequestNotAllowed = 64,

    /// <summary>The principal may not do this with delegation tokens.</summary>
    DelegationTokenAuthorizationFailed = 65,

    /// <summary>The delegation token has expired.</summary>
    DelegationTokenExpired = 66,

    /// <summary>The principal's type is not supported.</summary>
    InvalidPrincipalType = 67,

    /// <summary>The group has members.</summary>
    NonEmptyGroup = 68,

    /// <summary>There is no such group.</summary>
    GroupIdNotFound = 69,

    /// <summary>There is no such fetch session.</summary>
    FetchSessionIdNotFound = 70,

    /// <summary>The epoch of the fetch session is not the expected one.</summary>
    InvalidFetchSessionEpoch = 71,

    /// <summary>The broker has no listener of this name.</summary>
    ListenerNotFound = 72,

    /// <summary>Deleting topics is turned off.</summary>
    TopicDeletionDisabled = 73,

    /// <summary>The client's leader epoch is older than the broker's.</summary>
    FencedLeaderEpoch = 74,

    /// <summary>The client's leader epoch is newer than the broker's.</summary>
    UnknownLeaderEpoch = 75,

    /// <summary>The compression codec is not supported in this version of the request.</summary>
    UnsupportedCompressionType = 76,

    /// <summary>The broker's epoch is out of date.</summary>
    StaleBrokerEpoch = 77,

    /// <summary>The high watermark has not caught up since the last election.</summary>
    OffsetNotAvailable = 78,

    /// <summary>The member must join again with the id that it was given.</summary>
    MemberIdRequired = 79,

    /// <summary>The preferred leader is not available.</summary>
    PreferredLeaderNotAvailable = 80,

    /// <summary>The group is full.</summary>
    GroupMaxSizeReached = 81,

    /// <summary>A newer member uses the same group.instance.id.</summary>
    FencedInstanceId = 82,

    /// <summary>No replica that may lead is available.</summary>
    EligibleLeadersNotAvailable = 83,

    /// <summary>The partition has the wanted leader already.</summary>
    ElectionNotNeeded = 84,

    /// <summary>The partition is not being reassigned.</summary>
    NoReassignmentInProgress = 85,

    /// <summary>The group consumes this topic.</summary>
    GroupSubscribedToTopic = 86,

    /// <summary>A record breaks the rules of the topic.</summary>
    InvalidRecord = 87,

    /// <summary>An open transaction holds offsets of this partition.</summary>
    UnstableOffsetCommit = 88,

    /// <summary>The quota is used up.</summary>
    ThrottlingQuotaExceeded = 89,

    /// <summary>A newer producer uses the same transactional id.</summary>
    ProducerFenced = 90,

    /// <summary>There is no such resource.</summary>
    ResourceNotFound = 91,

    /// <summary>The resource exists.</summary>
    DuplicateResource = 92,

    /// <summary>The credential breaks the rules.</summary>
    UnacceptableCredential = 93,

    /// <summary>The voter sets differ.</summary>
    InconsistentVoterSet = 94,

    /// <summary>The version of the feature cannot be changed to this one.</summary>
    InvalidUpdateVersion = 95,

    /// <summary>The feature could not be updated.</summary>
    FeatureUpdateFailed = 96,

    /// <summary>The principal in a forwarded request cannot be read.</summary>
    PrincipalDeserializationFailure = 97,

    /// <summary>There is no such snapshot.</summary>
    SnapshotNotFound = 98,

    /// <summary>The position lies outside the snapshot.</summary>
    PositionOutOfRange = 99,

    /// <summary>There is no topic with this id.</summary>
    UnknownTopicId = 100,

    /// <summary>The broker's id is registered.</summary>
    DuplicateBrokerRegistration = 101,

    /// <summary>The broker's id is not registered.</summary>
    BrokerIdNotRegistered = 102,

    /// <summary>The topic's id is not the one in the log.</summary>
    InconsistentTopicId = 103,

    /// <summary>The cluster's id is another one.</summary>
    InconsistentClusterId = 104,

    /// <summary>There is no such transactional id.</summary>
    TransactionalIdNotFound = 105,

    /// <summary>The fetch session knows this topic by another id.</summary>
    FetchSessionTopicIdError = 106,

    /// <summary>The replica may not join those in sync.</summary>
    IneligibleReplica = 107,

    /// <summary>The change made another replica the leader.</summary>
    NewLeaderElected = 108,

    /// <summary>The offset lies in tiered storage.</summary>
    OffsetMovedToTieredStorage = 109,

    /// <summary>The member's epoch is out of date: join again.</summary>
    FencedMemberEpoch = 110,

    /// <summary>The group.instance.id is still in use by another member.</summary>
    UnreleasedInstanceId = 111,

    /// <summary>The group does not know this assignor.</summary>
    UnsupportedAssignor = 112,

    /// <summary>The member's epoch is behind: send a heartbeat first.</summary>
    StaleMemberEpoch = 113,

    /// <summary>The request went to the wrong kind of listener.</summary>
    MismatchedEndpointType = 114,

    /// <summary>This kind of endpoint is not supported.</summary>
    UnsupportedEndpointType = 115,

    /// <summary>There is no such controller.</summary>
    UnknownControllerId = 116,

    /// <summary>The telemetry subscription is out of date.</summary>
    UnknownSubscriptionId = 117,

    /// <summary>The pushed telemetry is too large.</summary>
    TelemetryTooLarge = 118,

    /// <summary>The registration is not valid.</summary>
    InvalidRegistration = 119,

    /// <summary>The transaction failed and must be aborted.</summary>
    TransactionAbortable = 120,

    /// <summary>The record's state does not allow this acknowledgement.</summary>
    InvalidRecordState = 121,

    /// <summary>There is no such share session.</summary>
    ShareSessionNotFound = 122,

    /// <summary>The epoch of the share session is not the expected one.</summary>
    InvalidShareSessionEpoch = 123,

    /// <summary>The state's epoch is out of date.</summary>
    FencedStateEpoch = 124,

    /// <summary>The voter's key is not the expected one.</summary>
    InvalidVoterKey = 125,

    /// <summary>The voter is in the set.</summary>
    DuplicateVoter = 126,

    /// <summary>The voter is not in the set.</summary>
    VoterNotFound = 127,

    /// <summary>The regular expression is not valid.</summary>
    InvalidRegularExpression = 128,

    /// <summary>The client must start again from its bootstrap servers.</summary>
    RebootstrapRequired = 129,

    /// <summary>The topology is not valid.</summary>
    StreamsInvalidTopology = 130,

    /// <summary>The topology's epoch is not valid.</summary>
    StreamsInvalidTopologyEpoch = 131,

    /// <summary>The topology's epoch is out of date.</summary>
    StreamsTopologyFenced = 132,

    /// <summary>The broker has no room for another share session.</summary>
    ShareSessionLimitReached = 133,
}
