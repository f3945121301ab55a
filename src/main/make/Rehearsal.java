import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.sqlite.util.LibraryLoaderUtil;

/** Runs commands in a book of their own, so that the JVM can archive what they load: see target/start in the Makefile. */
class Rehearsal {

    public static void main(String[] args) throws Exception {
        Path library = Path.of("target/start", LibraryLoaderUtil.getNativeLibName());
        Files.copy(
                Rehearsal.class.getResourceAsStream(
                        LibraryLoaderUtil.getNativeLibResourcePath() + "/" + library.getFileName()),
                library);
        // SwitchLab's own classes change with each build: from a loader of their own, they are not archived.
        URLClassLoader loader = new URLClassLoader(new URL[] {Path.of("target/classes/").toUri().toURL()});
        Thread.currentThread().setContextClassLoader(loader);
        Method main = loader.loadClass("dev.switchlab.cli.Main").getMethod("main", String[].class);
        String runs = " --runs " + Files.createDirectories(Path.of("target/start/runs"));
        String train = "train --experiment smoke --threads 1 --kernels matrix --set train.steps=2";
        for (String command : List.of(train, train, "runs", "sample --length 9", "compare --compare smoke", "report")) {
            main.invoke(null, (Object) (command + runs).split(" "));
        }
    }
}
