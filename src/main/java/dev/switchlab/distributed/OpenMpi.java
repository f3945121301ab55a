package dev.switchlab.distributed;

import com.sun.jna.Function;
import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * The few functions of Open MPI that are needed, through its C interface. Handles are addresses of its variables, which
 * is Open MPI's own way: in MPICH they are integers.
 */
final class OpenMpi {

    /** Version 4 and 5 on Linux; what a build of one's own may be called; on macOS. */
    private static final List<String> NAMES = List.of("libmpi.so.40", "libmpi.so", "mpi");
    /** Everything bound now, and seen by the plug-ins that Open MPI loads itself. */
    private static final int RTLD_NOW_GLOBAL = 0x102;

    private static final int THREAD_SERIALIZED = 2;
    private static final int VERSION_LENGTH = 8192;

    private final Pointer world;
    private final Pointer bytes;
    private final Function isend;
    private final Function irecv;
    private final Function test;
    private final NativeLibrary library;

    private OpenMpi(NativeLibrary library) {
        this.library = library;
        world = library.getGlobalVariableAddress("ompi_mpi_comm_world");
        bytes = library.getGlobalVariableAddress("ompi_mpi_byte");
        isend = library.getFunction("MPI_Isend");
        irecv = library.getFunction("MPI_Irecv");
        test = library.getFunction("MPI_Test");
    }

    /**
     * Loads the library. No MPI function has been called then.
     *
     * @throws ProcessGroupException in one line
     */
    static OpenMpi load() {
        return load(NAMES);
    }

    static OpenMpi load(List<String> names) {
        leaveSignalsToTheJvm();
        for (String name : names) {
            NativeLibrary library;
            try {
                library = NativeLibrary.getInstance(name, Map.of(Library.OPTION_OPEN_FLAGS, RTLD_NOW_GLOBAL));
            } catch (UnsatisfiedLinkError e) {
                continue;
            }
            try {
                library.getGlobalVariableAddress("ompi_mpi_comm_world");
            } catch (UnsatisfiedLinkError e) {
                throw new ProcessGroupException("the MPI library found here, " + name + ", is " + version(library)
                        + "; several ranks need Open MPI: on Debian, apt-get install openmpi-bin");
            }
            return new OpenMpi(library);
        }
        throw new ProcessGroupException("several ranks need Open MPI, and none of its libraries ("
                + String.join(", ", names) + ") is found; on Debian: apt-get install openmpi-bin");
    }

    /**
     * UCX, which Open MPI loads where it is installed, would end the process at a SIGSEGV, which is how a JVM reaches a
     * safepoint.
     */
    private static void leaveSignalsToTheJvm() {
        NativeLibrary.getProcess().getFunction("setenv").invokeInt(new Object[] {"UCX_ERROR_SIGNALS", "", 0});
    }

    private static String version(NativeLibrary library) {
        try (Memory text = new Memory(VERSION_LENGTH)) {
            library.getFunction("MPI_Get_library_version").invokeInt(new Object[] {text, new IntByReference()});
            return text.getString(0, StandardCharsets.US_ASCII.name())
                    .lines()
                    .findFirst()
                    .orElse("unknown")
                    .strip();
        } catch (UnsatisfiedLinkError e) {
            return "not Open MPI";
        }
    }

    void init() {
        call("MPI_Init_thread", Pointer.NULL, Pointer.NULL, THREAD_SERIALIZED, new IntByReference());
    }

    int rank() {
        IntByReference rank = new IntByReference();
        call("MPI_Comm_rank", world, rank);
        return rank.getValue();
    }

    int size() {
        IntByReference size = new IntByReference();
        call("MPI_Comm_size", world, size);
        return size.getValue();
    }

    /** Begins to send; {@code request} tells when it is over. The memory must stay as it is until then. */
    void send(Pointer from, int count, int to, int tag, Pointer request) {
        check("MPI_Isend", isend.invokeInt(new Object[] {from, count, bytes, to, tag, world, request}));
    }

    /** Begins to receive. */
    void receive(Pointer into, int count, int from, int tag, Pointer request) {
        check("MPI_Irecv", irecv.invokeInt(new Object[] {into, count, bytes, from, tag, world, request}));
    }

    /** Whether it is over. What has to be done for any message is done in here. */
    boolean isDone(Pointer request, IntByReference flag) {
        check("MPI_Test", test.invokeInt(new Object[] {request, flag, Pointer.NULL}));
        return flag.getValue() != 0;
    }

    void finish() {
        call("MPI_Finalize");
    }

    private void call(String name, Object... arguments) {
        check(name, library.getFunction(name).invokeInt(arguments));
    }

    private static void check(String name, int code) {
        if (code != 0) {
            throw new ProcessGroupException(name + " failed with error " + code);
        }
    }
}
