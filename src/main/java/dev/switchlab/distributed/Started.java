package dev.switchlab.distributed;

import java.util.Map;

/** Who started this process, as its environment says. */
enum Started {
    /** NoOpRunLog who starts several; or one who started only this one. */
    ALONE,
    /** Open MPI's mpirun, or Slurm through PMIx, which Open MPI takes part in. */
    OPEN_MPI,
    /** Another MPI, such as MPICH. */
    OTHER_MPI;

    static Started by(Map<String, String> environment) {
        String started =
                environment.getOrDefault("OMPI_COMM_WORLD_SIZE", environment.getOrDefault("SLURM_STEP_NUM_TASKS", ""));
        if (environment.containsKey("OMPI_COMM_WORLD_SIZE") || environment.containsKey("PMIX_RANK")) {
            return started.equals("1") ? ALONE : OPEN_MPI;
        }
        return environment.containsKey("PMI_RANK") ? OTHER_MPI : ALONE;
    }
}
