package dev.switchlab.distributed;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.time.Duration;

/** A process on its own. */
enum SingleProcess implements ProcessGroup {
    /** There is no other. */
    INSTANCE;

    @Override
    public int rank() {
        return 0;
    }

    @Override
    public int size() {
        return 1;
    }

    @Override
    public AllReduce beginAllReduce(FloatBuffer values) {
        Lengths.direct(values.isDirect());
        return () -> {};
    }

    @Override
    public void progress() {
        // nothing is under way
    }

    @Override
    public void allGather(ByteBuffer part, ByteBuffer all) {
        Lengths.direct(part.isDirect() && all.isDirect());
        Lengths.equal("all", all.remaining(), part.remaining());
        all.duplicate().put(part.duplicate());
    }

    @Override
    public void allToAll(ByteBuffer out, int[] outBytes, ByteBuffer in, int[] inBytes) {
        Lengths.direct(out.isDirect() && in.isDirect());
        Lengths.equal("out", out.remaining(), Lengths.sum(outBytes, 1));
        Lengths.equal("in", in.remaining(), Lengths.sum(inBytes, 1));
        in.duplicate().put(out.duplicate());
    }

    @Override
    public void broadcast(ByteBuffer values, int root) {
        Lengths.direct(values.isDirect());
        Lengths.rank(root, 1);
    }

    @Override
    public void barrier(Duration limit) {
        // nobody is waited for
    }

    @Override
    public void hurry(Duration limit) {
        // nobody is waited for
    }

    @Override
    public Traffic traffic() {
        return Traffic.NONE;
    }

    @Override
    public void finish() {
        // nothing was begun
    }
}
