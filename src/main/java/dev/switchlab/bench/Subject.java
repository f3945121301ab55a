package dev.switchlab.bench;

/** Something whose time is taken, in turn with others. It owns native memory or a process. */
interface Subject extends AutoCloseable {

    /** Runs a few times and adds each time taken. */
    void round(Samples samples);

    @Override
    void close();
}
