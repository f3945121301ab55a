package dev.switchlab.distributed;

/**
 * What a rank has had to do with others.
 *
 * @param bytes that it has sent to them
 * @param nanoseconds that it has spent sending, receiving and waiting for them
 */
public record Traffic(long bytes, long nanoseconds) {

    static final Traffic NONE = new Traffic(0, 0);

    /** What has come since. */
    public Traffic since(Traffic before) {
        return new Traffic(bytes - before.bytes, nanoseconds - before.nanoseconds);
    }
}
