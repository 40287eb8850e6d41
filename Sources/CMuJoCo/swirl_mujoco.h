// What Swirl asks of MuJoCo. `make setup` compiles the C files beside it against the headers it fetched, into a library
// that is loaded when the first MuJoCo environment is made; the package itself needs neither headers nor library.

#ifndef SWIRL_MUJOCO_H
#define SWIRL_MUJOCO_H

/// Changes with this header, so that a library compiled from another is noticed.
#define SWIRL_MUJOCO_INTERFACE 1

/// A compiled model: never changed after loading, never freed.
typedef struct {
  void *model;
  /// Counts the models of the process.
  int index;
  int nq, nv, nu, nbody, nsite;
  /// Numbers of the state that decides what comes next.
  int state_size;
  double timestep;
  /// [nq]
  const double *qpos0;
  /// [nu, 2]
  const double *ctrl_range;
  /// [nbody]
  const double *body_mass;
} swirl_mujoco_model;

/// The arrays of one mjData, under MuJoCo's names.
typedef struct {
  void *data;
  double *qpos, *qvel, *ctrl, *qfrc_actuator, *qfrc_constraint;
  /// [nbody, 3], [nbody, 3], [nsite, 3]
  double *xpos, *xipos, *site_xpos;
  /// [nbody, 10], [nbody, 6], [nbody, 6]
  double *cinert, *cvel, *cfrc_ext;
} swirl_mujoco_data;

/// Bits of what `step` returns.
enum {
  SWIRL_MUJOCO_BAD_POSITION = 1,
  SWIRL_MUJOCO_BAD_VELOCITY = 2,
  SWIRL_MUJOCO_BAD_ACCELERATION = 4,
  SWIRL_MUJOCO_BAD_CONTROL = 8,
};

typedef struct {
  int interface_version;
  /// MuJoCo's own, such as "4.0.0".
  const char *version;

  /// Reads a model; 0 and a message in `error` if it cannot. Not to be called twice at once.
  int (*load)(const char *path, swirl_mujoco_model *model, char *error, int error_size);
  /// The body of that name, or -1.
  int (*body)(const swirl_mujoco_model *model, const char *name);

  /// The calling thread's own data for the model, freed with the thread; null if memory is out.
  const swirl_mujoco_data *(*scratch)(const swirl_mujoco_model *model);
  /// A data for the caller to release; `data` is null in it if memory is out.
  swirl_mujoco_data (*make)(const swirl_mujoco_model *model);
  void (*release)(swirl_mujoco_data *data);

  /// Back to the model's start.
  void (*reset)(const swirl_mujoco_model *model, const swirl_mujoco_data *data);
  /// Computes everything that follows from positions and velocities.
  void (*forward)(const swirl_mujoco_model *model, const swirl_mujoco_data *data);
  void (*get_state)(
      const swirl_mujoco_model *model, const swirl_mujoco_data *data, double *state);
  void (*set_state)(
      const swirl_mujoco_model *model, const swirl_mujoco_data *data, const double *state);
  /// Steps `count` times, then computes contact forces on request; stops at what went wrong and returns it.
  unsigned (*step)(
      const swirl_mujoco_model *model, const swirl_mujoco_data *data, int count,
      int with_contact_forces);
} swirl_mujoco_table;

/// What a model's bodies look like, under MuJoCo's names.
typedef struct {
  int ngeom;
  /// [ngeom]; a type is one of mjtGeom.
  const int *type, *bodyid, *group, *matid;
  /// [ngeom, 3], [ngeom, 4]
  const double *size;
  const float *rgba;
  /// [nmat, 4]
  const float *mat_rgba;
  /// Where they are now: [ngeom, 3], [ngeom, 9]
  const double *xpos, *xmat;
} swirl_mujoco_geoms;

/// The symbol that is looked up: `const swirl_mujoco_table *swirl_mujoco(void)`.
typedef const swirl_mujoco_table *(*swirl_mujoco_entry)(void);

/// Another one, for pictures; a library without it only lacks them. Computes the places from the positions.
typedef swirl_mujoco_geoms (*swirl_mujoco_geometry_entry)(
    const swirl_mujoco_model *model, const swirl_mujoco_data *data);

/// From where MuJoCo's own renderer looks.
typedef struct {
  /// A camera of the model; below 0 for one that is placed by what follows.
  int fixed;
  /// The body that `target` is above, or below 0.
  int body;
  double target[3];
  double distance;
  /// In degrees; at 90 the camera looks along y, and below 0 it looks down.
  double azimuth, elevation;
  /// The width by the height of what is shown at least.
  double aspect;
} swirl_mujoco_camera;

/// MuJoCo's own renderer. No two of its calls may run at once, on whatever threads. Where one returns 0 or null
/// there is a message in `error`.
typedef struct {
  /// Opens OpenGL through "egl" or "osmesa", once a process.
  int (*open)(const char *kind, char *error, int error_size);
  /// The camera of that name, or -1.
  int (*camera)(const swirl_mujoco_model *model, const char *name);
  /// Room for pictures of a model up to a size, with shadows in so many pixels at most.
  void *(*make)(
      const swirl_mujoco_model *model, int width, int height, int shadow, char *error,
      int error_size);
  void (*release)(void *room);
  /// Paints what data holds, red, green and blue of each pixel, from the upper left.
  int (*paint)(
      void *room, const swirl_mujoco_model *model, const swirl_mujoco_data *data,
      const swirl_mujoco_camera *camera, int width, int height, unsigned char *rgb, char *error,
      int error_size);
} swirl_mujoco_renderer;

/// The third symbol, `swirl_mujoco_pictures`; a library without it lacks its renderer only.
typedef const swirl_mujoco_renderer *(*swirl_mujoco_pictures_entry)(void);

#endif
