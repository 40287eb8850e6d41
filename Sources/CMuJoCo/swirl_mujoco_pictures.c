// MuJoCo's own pictures; see swirl_mujoco.h. OpenGL is opened at run time through EGL or OSMesa, so that neither
// their headers nor their libraries are needed where this is compiled.

#include "swirl_mujoco.h"

#include <dlfcn.h>
#include <mujoco/mujoco.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// MARK: - MuJoCo's errors

// MuJoCo's errors cannot be returned from; while a picture is made they are jumped out of instead, as its own
// bindings for Python do.
static _Thread_local jmp_buf *way_out;
static _Thread_local char what_happened[200];

void swirl_mujoco_escape(const char *message) {
  if (!way_out) return;
  snprintf(what_happened, sizeof what_happened, "%s", message);
  longjmp(*way_out, 1);
}

static int fail(char *error, int error_size, const char *message) {
  snprintf(error, error_size, "%s", message);
  return 0;
}

// MARK: - EGL

typedef void *(*address_of)(const char *name);

static struct {
  void *display, *context, *surface;
  unsigned (*bind_api)(unsigned api);
  unsigned (*make_current)(void *display, void *draw, void *read, void *context);
} egl;

enum {
  egl_none = 0x3038,
  egl_opengl_api = 0x30A2,
  egl_platform_device = 0x313F,
  egl_platform_surfaceless = 0x31DD,
};

// Tries what a display offers; what fails is left to the process's end, as drivers keep it anyway.
static int egl_try(void *library, void *display) {
  unsigned (*initialize)(void *, int *, int *) = dlsym(library, "eglInitialize");
  unsigned (*choose)(void *, const int *, void **, int, int *) = dlsym(library, "eglChooseConfig");
  void *(*create)(void *, void *, void *, const int *) = dlsym(library, "eglCreateContext");
  unsigned (*destroy)(void *, void *) = dlsym(library, "eglDestroyContext");
  void *(*pbuffer)(void *, void *, const int *) = dlsym(library, "eglCreatePbufferSurface");
  if (!display || !initialize || !choose || !create || !destroy || !pbuffer) return 0;
  if (!initialize(display, NULL, NULL) || !egl.bind_api(egl_opengl_api)) return 0;
  // A surface of pixels, OpenGL, eight bits a colour and 24 of depth.
  const int wanted[] = {0x3033, 1, 0x3040, 8, 0x3024, 8, 0x3023, 8, 0x3022, 8, 0x3025, 24, egl_none};
  void *config = NULL;
  int count = 0;
  if (!choose(display, wanted, &config, 1, &count) || count < 1) return 0;
  void *context = create(display, config, NULL, NULL);
  if (!context) return 0;
  void *surface = NULL;
  if (!egl.make_current(display, NULL, NULL, context)) {
    const int size[] = {0x3057, 16, 0x3056, 16, egl_none};
    surface = pbuffer(display, config, size);
    if (!surface || !egl.make_current(display, surface, surface, context)) {
      destroy(display, context);
      return 0;
    }
  }
  egl.display = display;
  egl.context = context;
  egl.surface = surface;
  return 1;
}

static int egl_open(void *library) {
  address_of address = dlsym(library, "eglGetProcAddress");
  void *(*plain_display)(void *) = dlsym(library, "eglGetDisplay");
  egl.bind_api = dlsym(library, "eglBindAPI");
  egl.make_current = dlsym(library, "eglMakeCurrent");
  if (!address || !plain_display || !egl.bind_api || !egl.make_current) return 0;
  unsigned (*devices)(int, void **, int *) = address("eglQueryDevicesEXT");
  void *(*display)(unsigned, void *, const int *) = address("eglGetPlatformDisplayEXT");
  if (display) {
    // Graphics cards come first, Mesa's software last.
    void *found[32];
    int count = 0;
    if (devices && devices(32, found, &count)) {
      for (int i = 0; i < count; i++) {
        if (egl_try(library, display(egl_platform_device, found[i], NULL))) return 1;
      }
    }
    if (egl_try(library, display(egl_platform_surfaceless, NULL, NULL))) return 1;
  }
  return egl_try(library, plain_display(NULL));
}

static int egl_enter(void) {
  // The API is bound a thread.
  return egl.bind_api(egl_opengl_api) &&
         egl.make_current(egl.display, egl.surface, egl.surface, egl.context);
}

static void egl_leave(void) { egl.make_current(egl.display, NULL, NULL, NULL); }

// MARK: - OSMesa

static struct {
  void *context;
  unsigned char (*make_current)(void *context, void *buffer, unsigned type, int width, int height);
  // What it wants to paint on; MuJoCo paints on a buffer of its own.
  unsigned char buffer[16 * 16 * 4];
} osmesa;

static int osmesa_enter(void) {
  return osmesa.make_current(osmesa.context, osmesa.buffer, 0x1401, 16, 16);
}

static void osmesa_leave(void) { osmesa.make_current(NULL, NULL, 0, 0, 0); }

static int osmesa_open(void *library) {
  void *(*create)(unsigned, int, int, int, void *) = dlsym(library, "OSMesaCreateContextExt");
  osmesa.make_current = dlsym(library, "OSMesaMakeCurrent");
  if (!create || !osmesa.make_current) return 0;
  osmesa.context = create(0x1908, 24, 8, 0, NULL);
  if (!osmesa.context || !osmesa_enter()) return 0;
  // MuJoCo would ask EGL for the functions where that is loaded too.
  setenv("MUJOCO_GL", "osmesa", 1);
  return 1;
}

// MARK: - OpenGL

static int (*enter)(void);
static void (*leave)(void);

static int open_opengl(const char *kind, char *error, int error_size) {
  int is_egl = strcmp(kind, "egl") == 0;
  const char *names[2] = {is_egl ? "libEGL.so.1" : "libOSMesa.so.8", is_egl ? "libEGL.so" : "libOSMesa.so"};
  // MuJoCo looks for OpenGL's functions in what the whole process sees.
  void *library = dlopen(names[0], RTLD_NOW | RTLD_GLOBAL);
  if (!library) library = dlopen(names[1], RTLD_NOW | RTLD_GLOBAL);
  if (!library) {
    snprintf(error, error_size, "there is no library %s", names[0]);
    return 0;
  }
  if (!(is_egl ? egl_open : osmesa_open)(library)) {
    snprintf(error, error_size, "%s opens no OpenGL here", names[0]);
    return 0;
  }
  enter = is_egl ? egl_enter : osmesa_enter;
  leave = is_egl ? egl_leave : osmesa_leave;
  leave();
  return 1;
}

// MARK: - Pictures

typedef struct {
  mjrContext opengl;
  mjvScene scene;
} room;

static void release(void *pointer) {
  room *mine = pointer;
  if (enter()) {
    mjr_freeContext(&mine->opengl);
    leave();
  }
  mjv_freeScene(&mine->scene);
  free(mine);
}

// Apart from its caller, whose variables a jump would spoil.
static int prepare(const mjModel *m, room *mine) {
  jmp_buf here;
  if (setjmp(here) != 0) return way_out = NULL, 0;
  way_out = &here;
  mjv_makeScene(m, &mine->scene, 1000);
  mjr_makeContext(m, &mine->opengl, mjFONTSCALE_100);
  mjr_setBuffer(mjFB_OFFSCREEN, &mine->opengl);
  way_out = NULL;
  if (mine->opengl.currentBuffer == mjFB_OFFSCREEN) return 1;
  return fail(what_happened, sizeof what_happened, "there is no framebuffer");
}

static void *make(
    const swirl_mujoco_model *model, int width, int height, int shadow, char *error,
    int error_size) {
  mjModel *m = model->model;
  room *mine = calloc(1, sizeof *mine);
  if (!mine || !enter()) {
    free(mine);
    fail(error, error_size, "OpenGL has gone");
    return NULL;
  }
  mjr_defaultContext(&mine->opengl);
  mjv_defaultScene(&mine->scene);
  // Read where a context is made, and by nothing else.
  int kept[3] = {m->vis.global.offwidth, m->vis.global.offheight, m->vis.quality.shadowsize};
  m->vis.global.offwidth = width;
  m->vis.global.offheight = height;
  if (kept[2] > shadow) m->vis.quality.shadowsize = shadow;
  int is_made = prepare(m, mine);
  m->vis.global.offwidth = kept[0];
  m->vis.global.offheight = kept[1];
  m->vis.quality.shadowsize = kept[2];
  leave();
  if (is_made) return mine;
  release(mine);
  fail(error, error_size, what_happened);
  return NULL;
}

static int camera(const swirl_mujoco_model *model, const char *name) {
  return mj_name2id(model->model, mjOBJ_CAMERA, name);
}

// Where MuJoCo looks from, once it knows where the bodies are.
static mjvCamera placed(const swirl_mujoco_camera *from, const mjData *d) {
  mjvCamera camera;
  mjv_defaultCamera(&camera);
  if (from->fixed >= 0) {
    camera.type = mjCAMERA_FIXED;
    camera.fixedcamid = from->fixed;
    return camera;
  }
  for (int i = 0; i < 3; i++) {
    camera.lookat[i] = from->target[i];
    if (from->body >= 0 && i < 2) camera.lookat[i] += d->xpos[3 * from->body + i];
  }
  camera.distance = from->distance;
  camera.azimuth = from->azimuth;
  camera.elevation = from->elevation;
  return camera;
}

static int render(
    const mjModel *m, mjData *d, room *mine, const swirl_mujoco_camera *from, int width, int height,
    unsigned char *rgb) {
  jmp_buf here;
  if (setjmp(here) != 0) return way_out = NULL, 0;
  way_out = &here;
  mj_fwdPosition(m, d);
  mjvOption option;
  mjv_defaultOption(&option);
  mjvCamera camera = placed(from, d);
  mjv_updateScene(m, d, &option, NULL, &camera, mjCAT_ALL, &mine->scene);
  // A picture that is taller shows more above and below, rather than less at the sides.
  double taller = from->aspect * height / width;
  for (int i = 0; i < 2 && taller > 1; i++) {
    mine->scene.camera[i].frustum_bottom *= taller;
    mine->scene.camera[i].frustum_top *= taller;
  }
  mjrRect all = {0, 0, width, height};
  // Another room's may be the one that OpenGL paints on.
  mjr_setBuffer(mjFB_OFFSCREEN, &mine->opengl);
  mjr_render(all, &mine->scene, &mine->opengl);
  mjr_readPixels(rgb, NULL, all, &mine->opengl);
  way_out = NULL;
  return 1;
}

static int paint(
    void *pointer, const swirl_mujoco_model *model, const swirl_mujoco_data *data,
    const swirl_mujoco_camera *from, int width, int height, unsigned char *rgb, char *error,
    int error_size) {
  if (!enter()) return fail(error, error_size, "OpenGL has gone");
  int is_painted = render(model->model, data->data, pointer, from, width, height, rgb);
  leave();
  if (!is_painted) return fail(error, error_size, what_happened);
  // OpenGL's first row is the lowest.
  size_t row = 3 * (size_t)width;
  for (int y = 0; y < height / 2; y++) {
    unsigned char *a = rgb + y * row, *b = rgb + (height - 1 - y) * row;
    for (size_t i = 0; i < row; i++) {
      unsigned char kept = a[i];
      a[i] = b[i];
      b[i] = kept;
    }
  }
  return 1;
}

static const swirl_mujoco_renderer renderer = {
    .open = open_opengl,
    .camera = camera,
    .make = make,
    .release = release,
    .paint = paint,
};

const swirl_mujoco_renderer *swirl_mujoco_pictures(void) { return &renderer; }
