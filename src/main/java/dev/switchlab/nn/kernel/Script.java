package dev.switchlab.nn.kernel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * A few lines of TorchScript: the way to operators of libtorch that DJL has no method for, and to many operators in one
 * call.
 *
 * <p>libtorch reads a script from an archive, a zip of five small files, which is made here in memory. A method runs in
 * libtorch's inference mode, without gradients, on the device and with the threads of its arguments. The interpreter
 * runs the operators as they are written: no optimizer that would fuse them one time and not another.
 */
public final class Script {

    /** A pickled empty object of class {@code __torch__.Script}, and a pickled empty tuple. */
    private static final String MODULE = "\u0080\u0002c__torch__\nScript\n)\u0081}(X\b\0\0\0training\u0089ub.";

    private static final String NO_CONSTANTS = "\u0080\u0002).";

    private final String source;
    private final String name;
    private PtSymbolBlock module;

    private Script(String name, String source) {
        this.name = name;
        this.source = source;
    }

    /**
     * Methods of a class without state.
     *
     * @param name for messages
     * @param methods {@code def}s in TorchScript, each with {@code self} as its first parameter
     */
    public static Script of(String name, String methods) {
        return new Script(name, methods);
    }

    /**
     * Runs a method whose result is one tensor.
     *
     * @param manager owns the result
     * @param arguments {@link NDArray}, {@code List<NDArray>}, {@link Long}, {@link Integer}, {@link Double},
     *     {@link Boolean}, {@link String}, {@code long[]}, {@link Tensors}
     */
    public NDArray tensor(NDManager manager, String method, Object... arguments) {
        try (Call call = new Call(arguments);
                IValue result = invoke(method, call)) {
            return result.toTensor((PtNDManager) manager);
        }
    }

    /** Runs a method whose result is a {@code List[Tensor]}. */
    public NDArray[] tensors(NDManager manager, String method, Object... arguments) {
        try (Call call = new Call(arguments);
                IValue result = invoke(method, call)) {
            return result.toTensorArray((PtNDManager) manager);
        }
    }

    /** Runs a method for what it does to its arguments; it returns an int that nobody reads. */
    public void run(String method, Object... arguments) {
        try (Call call = new Call(arguments)) {
            invoke(method, call).close();
        }
    }

    private IValue invoke(String method, Call call) {
        JniUtils.setGraphExecutorOptimize(false); // per thread
        return IValueUtils.runMethod(module(), method, call.values);
    }

    private synchronized PtSymbolBlock module() {
        if (module == null) {
            try {
                PtNDManager manager =
                        (PtNDManager) ai.djl.engine.Engine.getEngine("PyTorch").newBaseManager(ai.djl.Device.cpu());
                module = JniUtils.loadModule(manager, new ByteArrayInputStream(archive()), false, false);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (ai.djl.engine.EngineException e) {
                throw new IllegalStateException("TorchScript " + name + " does not compile: " + e.getMessage(), e);
            }
        }
        return module;
    }

    private byte[] archive() throws IOException {
        String code = "class Script(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n"
                + source.indent(2);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            put(zip, "data.pkl", MODULE.getBytes(StandardCharsets.ISO_8859_1));
            put(zip, "code/__torch__.py", code.getBytes(StandardCharsets.UTF_8));
            put(zip, "constants.pkl", NO_CONSTANTS.getBytes(StandardCharsets.ISO_8859_1));
            put(zip, "version", "10\n".getBytes(StandardCharsets.US_ASCII));
        }
        return bytes.toByteArray();
    }

    /** Stored, not packed: libtorch reads nothing else. */
    private static void put(ZipOutputStream zip, String path, byte[] content) throws IOException {
        ZipEntry entry = new ZipEntry("script/" + path);
        CRC32 crc = new CRC32();
        crc.update(content);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.length);
        entry.setCrc(crc.getValue());
        entry.setTime(0);
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
    }

    /** A {@code List[Tensor]} made once for many calls: for a hundred tensors that takes longer than a call. */
    static final class Tensors implements AutoCloseable {

        private final IValue value;

        Tensors(List<NDArray> arrays) {
            value = list(arrays);
        }

        private static IValue list(List<?> arrays) {
            return IValue.listFrom(arrays.stream().map(PtNDArray.class::cast).toArray(PtNDArray[]::new));
        }

        @Override
        public void close() {
            value.close();
        }
    }

    /** The arguments of one call, as libtorch wants them. */
    private static final class Call implements AutoCloseable {

        private final IValue[] values;
        private final Object[] arguments;

        Call(Object... arguments) {
            this.arguments = arguments;
            values = new IValue[arguments.length];
            for (int i = 0; i < arguments.length; i++) {
                values[i] = value(arguments[i]);
            }
        }

        private static IValue value(Object argument) {
            if (argument instanceof NDArray array) {
                return IValue.from((PtNDArray) array);
            } else if (argument instanceof List<?> arrays) {
                return Tensors.list(arrays);
            } else if (argument instanceof Tensors tensors) {
                return tensors.value;
            } else if (argument instanceof long[] numbers) {
                return IValue.listFrom(numbers);
            } else if (argument instanceof String text) {
                return IValue.from(text);
            } else if (argument instanceof Boolean truth) {
                return IValue.from(truth.booleanValue());
            } else if (argument instanceof Double number) {
                return IValue.from(number.doubleValue());
            } else if (argument instanceof Integer || argument instanceof Long) {
                return IValue.from(((Number) argument).longValue());
            }
            throw new IllegalArgumentException("no TorchScript value for " + argument);
        }

        @Override
        public void close() {
            for (int i = 0; i < values.length; i++) {
                if (!(arguments[i] instanceof Tensors)) {
                    values[i].close();
                }
            }
        }
    }
}
